package clusters

import (
	"context"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
)

// Cluster is a running Kubernetes cluster that specs can be judged on.
type Cluster interface {
	// Name is the cluster's name, unique within its provider.
	Name() string
	// Provider is the provider's name as given to --cluster: "kind", "sim" or "existing".
	Provider() string
	// KubeconfigPath is the path of a kubeconfig file whose current context is this cluster.
	KubeconfigPath() string
	// RESTConfig gives a fresh client configuration with administrator's rights.
	RESTConfig() (*rest.Config, error)
	// RealKubelets tells whether pods are run by real kubelets.
	RealKubelets() bool
	// Images gives the images that run the cluster, by role ("node" for the
	// node image), each as a reference with its digest where one is known.
	Images() map[string]string
}

// Role is a node's role in the cluster.
type Role string

// The roles a node may have.
const (
	RoleControlPlane Role = "control-plane"
	RoleWorker       Role = "worker"
)

// NodeSpec describes a node to be made.
type NodeSpec struct {
	// Name is the node's name; left empty, the provider picks the next free one.
	Name string
	// Role defaults to RoleWorker.
	Role Role
	// Labels are registered by the kubelet together with the node.
	Labels map[string]string
	// Taints are registered by the kubelet together with the node.
	Taints []corev1.Taint
	// ReadyDelay is how long a simulated kubelet takes from registering the node
	// until it is ready; 0 is the simulation's own short time. A real kubelet takes
	// its time and does not heed it.
	ReadyDelay time.Duration
}

// NodeAdder can join a node to the running cluster.
type NodeAdder interface {
	// AddNode starts a node and returns its name once the Node is Ready, its
	// start-up taints are gone and the images loaded so far are on it.
	AddNode(ctx context.Context, spec NodeSpec) (string, error)
}

// NodeRemover can take a node out of the running cluster for good.
type NodeRemover interface {
	// RemoveNode stops the node's machine, deletes the Node object and frees
	// what the machine held. Removing a node that is gone is not an error.
	RemoveNode(ctx context.Context, name string) error
}

// KubeletStopper can stop and start the kubelet of a node, its containers running on.
type KubeletStopper interface {
	// StopKubelet stops the kubelet and returns when its process is gone.
	StopKubelet(ctx context.Context, node string) error
	// StartKubelet starts the kubelet; it does not wait for the node to be Ready.
	StartKubelet(ctx context.Context, node string) error
}

// NodePauser can freeze a whole node: nothing on it makes progress until it is unpaused.
type NodePauser interface {
	// PauseNode freezes all processes of the node.
	PauseNode(ctx context.Context, node string) error
	// UnpauseNode lets them go on.
	UnpauseNode(ctx context.Context, node string) error
}

// NodeRebooter can restart a node's machine.
type NodeRebooter interface {
	// RebootNode restarts the machine and returns once its kubelet runs again.
	RebootNode(ctx context.Context, node string) error
}

// NodeExecer can run a command in a node's own file system and namespaces.
type NodeExecer interface {
	// ExecOnNode runs the command and returns its standard output; a non-zero
	// exit is an error that quotes standard error.
	ExecOnNode(ctx context.Context, node string, command ...string) (string, error)
}

// ImageLoader can put images on the nodes without a registry.
type ImageLoader interface {
	// LoadImageArchive loads a docker-archive tar onto all nodes, and onto
	// those that join later.
	LoadImageArchive(ctx context.Context, path string) error
}

// AuditReader can show what was asked of the API server.
type AuditReader interface {
	// ReadAudit hands over the API server's audit log, in parts, the oldest
	// first: one audit.k8s.io/v1 Event in JSON a line, at least for whatever
	// anybody but kubelets and schedulers asks about pods, nodes, events,
	// DaemonSets and ControllerRevisions. Lines that do not hold the text may
	// be left out.
	ReadAudit(ctx context.Context, text string, read func(io.Reader) error) error
}

// LogCollector can save the nodes' logs.
type LogCollector interface {
	// CollectLogs writes the logs below dir.
	CollectLogs(ctx context.Context, dir string) error
}

// Timeouts bound each step of a provider's work. The zero value is not
// usable; start from DefaultTimeouts.
type Timeouts struct {
	// Create bounds the making of a whole cluster up to all nodes Ready, its image at hand. Cap: 10 min.
	Create time.Duration
	// NodeReady bounds one node's way from its start to Ready with its start-up taints gone. Cap: 5 min.
	NodeReady time.Duration
	// NodeCommand bounds a command on a node (stop, start, pause, exec). Cap: 2 min.
	NodeCommand time.Duration
	// LoadImage bounds the loading of one image archive onto all nodes. Cap: 5 min.
	LoadImage time.Duration
	// Delete bounds the removal of a cluster or a node. Cap: 5 min.
	Delete time.Duration
}

// DefaultTimeouts are the deadlines of a machine with two cores and warm caches, with room to spare.
func DefaultTimeouts() Timeouts {
	return Timeouts{
		Create:      6 * time.Minute,
		NodeReady:   2 * time.Minute,
		NodeCommand: 1 * time.Minute,
		LoadImage:   3 * time.Minute,
		Delete:      2 * time.Minute,
	}
}

package kind

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"k8s.io/apimachinery/pkg/util/version"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// DefaultName is the name of a cluster nobody named.
const DefaultName = "dsconform"

// maxName keeps host names such as NAME-control-plane2 within the 63 characters of a DNS label.
const maxName = 40

// oldest is the first Kubernetes version a cluster can be made of.
const oldest = "1.29.0"

// Options say what cluster is wanted. Only Engine and NodeImage have no default.
type Options struct {
	// Name of the cluster, a DNS label of at most 40 characters. Default: DefaultName.
	Name string
	// ControlPlanes is the number of control-plane nodes. Default 1; more than
	// one needs kind's load balancer image.
	ControlPlanes int
	// Workers is the number of worker nodes. Default 3; NoWorkers for none.
	Workers int
	// Topology gives labels and taints by worker, the first entry to the first
	// worker; workers beyond it are plain, entries beyond the workers unused.
	// Default (nil): clusters.DefaultTopology; empty: all plain.
	Topology []clusters.NodeSpec
	// KubernetesVersion is the version in NodeImage, for instance "v1.37.2".
	// Default: asked of the image, at the price of one container run.
	KubernetesVersion string
	// NodeImage is the reference of a kind node image the engine holds.
	NodeImage string
	// Engine runs the nodes.
	Engine Engine
	// Retain keeps a cluster whose making failed, for a look at it. A cancelled
	// one is removed all the same.
	Retain bool
	// Controllers, if set, is the --controllers value kube-controller-manager
	// runs with once the cluster's own DaemonSets are up, for instance
	// "*,-daemonset-controller".
	Controllers string
	// Timeouts bound every step. Default: clusters.DefaultTimeouts.
	Timeouts clusters.Timeouts
	// Log shows the steps. Default: none shown.
	Log *steps.Log
	// KubeconfigPath is where the kubeconfig is written; an existing file is
	// merged into. Default: <StateDir>/<Name>.kubeconfig.
	KubeconfigPath string
	// StateDir holds what later processes need. Default: <user cache>/dsconform/clusters.
	StateDir string
}

// NoWorkers as Options.Workers makes a cluster of control-plane nodes only.
const NoWorkers = -1

var validName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// Check refuses what cannot work, Engine and NodeImage left aside, so that a
// mistake is told before an image is made. The error is of class Usage.
func (o Options) Check() error {
	_, err := o.defaulted()
	return err
}

// complete fills in the defaults and refuses what cannot work.
func (o Options) complete() (Options, error) {
	if o.Engine == nil {
		return o, exit.Internalf("Engine is required for a kind cluster")
	}
	if o.NodeImage == "" {
		return o, exit.Internalf("NodeImage is required for making a cluster")
	}
	return o.defaulted()
}

func (o Options) defaulted() (Options, error) {
	o, err := o.paths()
	if err != nil {
		return o, err
	}
	if o.ControlPlanes == 0 {
		o.ControlPlanes = 1
	}
	if o.ControlPlanes < 1 {
		return o, exit.Usagef("%d control-plane nodes asked for: at least 1 is needed", o.ControlPlanes)
	}
	switch {
	case o.Workers == 0:
		o.Workers = 3
	case o.Workers == NoWorkers:
		o.Workers = 0
	case o.Workers < 0:
		return o, exit.Usagef("%d workers asked for: 0 or more are possible", o.Workers)
	}
	if o.Topology == nil {
		o.Topology = clusters.DefaultTopology(o.Workers)
	}
	for i, n := range o.Topology {
		if n.Role == clusters.RoleControlPlane {
			return o, exit.Usagef("topology entry %d has role %s: it describes workers", i, n.Role)
		}
		if n.Name != "" {
			return o, exit.Usagef("topology entry %d is named %q: kind names the first nodes itself", i, n.Name)
		}
	}
	if o.KubernetesVersion != "" {
		if _, err := supported(o.KubernetesVersion); err != nil {
			return o, err
		}
	}
	if o.Controllers != "" {
		if _, err := controllersFlag(o.Controllers); err != nil {
			return o, err
		}
	}
	return o, nil
}

// locate fills in the defaults that are needed to find a cluster.
func (o Options) locate() (Options, error) {
	if o.Engine == nil {
		return o, exit.Internalf("Engine is required for a kind cluster")
	}
	return o.paths()
}

func (o Options) paths() (Options, error) {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if len(o.Name) > maxName || !validName.MatchString(o.Name) {
		return o, exit.Usagef("cluster name %q cannot be used: at most %d lower-case letters, digits and '-', a letter or digit at both ends", o.Name, maxName)
	}
	if o.Timeouts == (clusters.Timeouts{}) {
		o.Timeouts = clusters.DefaultTimeouts()
	}
	if o.Log == nil {
		o.Log = steps.Discard()
	}
	if o.StateDir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return o, exit.Environmentf("no folder for the clusters' state: %w", err)
		}
		o.StateDir = filepath.Join(cache, "dsconform", "clusters")
	}
	for _, p := range []*string{&o.StateDir, &o.KubeconfigPath} {
		if *p == "" {
			continue
		}
		abs, err := filepath.Abs(*p)
		if err != nil {
			return o, exit.Environmentf("making %s absolute: %w", *p, err)
		}
		*p = abs
	}
	return o, nil
}

// store is where the cluster's state is kept.
func (o Options) store() store {
	return store{dir: o.StateDir, name: o.Name}
}

// supported parses a Kubernetes version and refuses those too old.
func supported(v string) (*version.Version, error) {
	parsed, err := version.ParseSemantic(v)
	if err != nil {
		return nil, exit.Usagef("Kubernetes version %q cannot be read: it looks like v1.37.2", v)
	}
	if parsed.LessThan(version.MustParseSemantic(oldest)) {
		return nil, exit.Usagef("Kubernetes version %s is too old: v%s or newer is needed", v, oldest)
	}
	return parsed, nil
}

// ErrNotFound is wrapped by the error of Open and Delete if there is no such cluster.
var ErrNotFound = errors.New("no such cluster")

// ErrExists is wrapped by the error of Create if the name is taken.
var ErrExists = errors.New("cluster exists")

// notFound names the clusters there are, so that a misspelt name is seen at once.
func notFound(name string, have []Info) error {
	if len(have) == 0 {
		return exit.Usagef("%w: %q; there is none at all", ErrNotFound, name)
	}
	names := ""
	for i, h := range have {
		if i > 0 {
			names += ", "
		}
		names += h.Name
	}
	return exit.Usagef("%w: %q; there are: %s", ErrNotFound, name, names)
}

// contextName is the kubeconfig context kind writes for a cluster.
func contextName(cluster string) string {
	return fmt.Sprintf("kind-%s", cluster)
}

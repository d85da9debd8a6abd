package controlplane

import (
	"fmt"
	"path/filepath"
)

// The names of the programs, which are those of the components.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	KWOK              = "kwok"
)

// Names lists the components in the order of their start.
func Names() []string { return []string{Etcd, APIServer, ControllerManager, Scheduler, KWOK} }

// Ports are where the components listen, all on Address.
type Ports struct {
	EtcdClient        int `json:"etcdClient"`
	EtcdPeer          int `json:"etcdPeer"`
	APIServer         int `json:"apiServer"`
	ControllerManager int `json:"controllerManager"`
	Scheduler         int `json:"scheduler"`
}

// Address is the one address everything listens on.
const Address = "127.0.0.1"

const (
	// serviceCIDR is kubeadm's own default.
	serviceCIDR = "10.96.0.0/12"
	// serviceIP is the first address of serviceCIDR, that of the Service kubernetes.
	serviceIP = "10.96.0.1"
	// podCIDR gives a /24 to each of 32768 nodes.
	podCIDR = "10.128.0.0/9"
	// issuer is kubeadm's own default.
	issuer = "https://kubernetes.default.svc.cluster.local"
)

// Plan is one cluster's control plane.
type Plan struct {
	// Name is the cluster's.
	Name string
	// Folder holds all its files.
	Folder string
	// Ports are where it listens.
	Ports Ports
	// Programs are the paths of the executables by component.
	Programs map[string]string
	// Controllers is the value of kube-controller-manager's --controllers, empty for its default.
	Controllers string
	// Stages is the file with the stages of the simulated kubelets.
	Stages string
	// NodeSelector chooses, by label, the nodes whose kubelets run.
	NodeSelector string
	// Nodes is how many nodes there will be, as far as is known; 0 for a few.
	Nodes int
}

func (p Plan) pki(name string) string        { return filepath.Join(p.Folder, "pki", name) }
func (p Plan) kubeconfig(user string) string { return filepath.Join(p.Folder, user+".kubeconfig") }
func (p Plan) etcdData() string              { return filepath.Join(p.Folder, "etcd") }

// Kubeconfig is the administrator's.
func (p Plan) Kubeconfig() string { return p.kubeconfig("admin") }

// KWOKKubeconfig is that of the simulated kubelets.
func (p Plan) KWOKKubeconfig() string { return p.kubeconfig(KWOK) }

// AuditLog is the API server's audit log, one audit.k8s.io/v1 Event in JSON a line.
func (p Plan) AuditLog() string { return filepath.Join(p.Folder, "audit.log") }

// EtcdData is etcd's data folder.
func (p Plan) EtcdData() string { return p.etcdData() }

// Server is the API server's URL.
func (p Plan) Server() string { return url(p.Ports.APIServer) }

func url(port int) string { return fmt.Sprintf("https://%s:%d", Address, port) }

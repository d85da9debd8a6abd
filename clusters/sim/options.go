package sim

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// DefaultName is the name of a cluster nobody named.
const DefaultName = "dsconform"

// DefaultWorkers is the number of workers nobody asked for: enough for specs to
// run beside each other, each with its own.
const DefaultWorkers = 16

// maxName keeps node names within the 63 characters of a DNS label, and the
// control socket's path within what the kernel takes.
const maxName = 40

// Options say what cluster is wanted. Everything has a default.
type Options struct {
	// Name of the cluster, a DNS label of at most 40 characters. Default: DefaultName.
	Name string
	// Workers is the number of simulated workers, beside the one control-plane
	// node. Default: DefaultWorkers; NoWorkers for none.
	Workers int
	// Expected is how many nodes more than Workers somebody else will make: the
	// nodes of a large cluster have longer leases. Default: none.
	Expected int
	// Topology gives labels and taints by worker, the first entry to the first
	// worker; workers beyond it are plain, entries beyond the workers unused.
	// Default (nil): clusters.DefaultTopology; empty: all plain.
	Topology []clusters.NodeSpec
	// KubernetesVersion is the version of the control plane. Default: that of the
	// programs in BinariesDir, else binaries.DefaultKubernetes.
	KubernetesVersion string
	// BinariesDir is a folder with the programs of a control plane, which are
	// taken as they are. Default: they are built.
	BinariesDir string
	// ReleaseURL is where the official release files of Kubernetes lie, as
	// binaries.Builder.Release takes it. Default: none is asked.
	ReleaseURL string
	// Controllers, if set, is the --controllers value of kube-controller-manager,
	// for instance "*,-daemonset-controller".
	Controllers string
	// FastStages leaves the nodes to KWOK's own stages, with which pods are ready
	// at once and nothing else can happen to them: what ours are measured against.
	FastStages bool
	// Attached binds the cluster's life to this process's: it is gone when this
	// process is, however that ended.
	Attached bool
	// Retain keeps the files of a cluster whose making failed.
	Retain bool
	// Executable is a program that plays the supervisor's role (package
	// supervisor). Default: this program.
	Executable string
	// Timeouts bound every step. Default: clusters.DefaultTimeouts.
	Timeouts clusters.Timeouts
	// Log shows the steps. Default: none shown.
	Log *steps.Log
	// KubeconfigPath is where the kubeconfig is written; an existing file is
	// merged into. Default: one in the cluster's own folder.
	KubeconfigPath string
	// StateDir holds the clusters' folders. Default: <user cache>/dsconform/sim.
	StateDir string
}

// NoWorkers as Options.Workers makes a cluster of the control-plane node only.
const NoWorkers = -1

// validName returns what a cluster's or node's name must match.
func validName() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`) }

// Check refuses what cannot work before anything is built or started. The error
// is of class Usage.
func (o Options) Check() error {
	_, err := o.complete()
	return err
}

// complete fills in the defaults and refuses what cannot work.
func (o Options) complete() (Options, error) {
	o, err := o.paths()
	if err != nil {
		return o, err
	}
	switch {
	case o.Workers == 0:
		o.Workers = DefaultWorkers
	case o.Workers == NoWorkers:
		o.Workers = 0
	case o.Workers < 0:
		return o, exit.Usagef("%d simulated workers asked for: 1 or more are possible", o.Workers)
	}
	// Before anything is made for each of them.
	if err = fitsMemory(o.Workers); err != nil {
		return o, err
	}
	if o.Topology == nil {
		o.Topology = clusters.DefaultTopology(o.Workers)
	}
	for i, n := range o.Topology {
		if n.Role == clusters.RoleControlPlane {
			return o, exit.Usagef("topology entry %d has role %s: it describes workers", i, n.Role)
		}
	}
	if o.KubernetesVersion != "" {
		if o.KubernetesVersion, err = binaries.NormalizeKubernetes(o.KubernetesVersion); err != nil {
			return o, err
		}
	}
	if o.Controllers != "" {
		if o.Controllers, err = clusters.ControllersFlag(o.Controllers); err != nil {
			return o, err
		}
	}
	if o.ReleaseURL != "" {
		if err := binaries.CheckReleaseURL(o.ReleaseURL); err != nil {
			return o, err
		}
	}
	if o.BinariesDir != "" {
		if err := checkBinariesDir(o.BinariesDir); err != nil {
			return o, err
		}
	}
	return o, nil
}

// paths fills in the defaults that are needed to find a cluster.
func (o Options) paths() (Options, error) {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if len(o.Name) > maxName || !validName().MatchString(o.Name) {
		return o, exit.Usagef("cluster name %q cannot be used: at most %d lower-case letters, digits and '-', a letter or digit at both ends", o.Name, maxName)
	}
	if o.Timeouts == (clusters.Timeouts{}) {
		o.Timeouts = clusters.DefaultTimeouts()
	}
	if o.Log == nil {
		o.Log = steps.Discard()
	}
	if o.Executable == "" {
		self, err := os.Executable()
		if err != nil {
			return o, exit.Environmentf("finding this program's own file: %w", err)
		}
		o.Executable = self
	}
	if o.StateDir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return o, exit.Environmentf("no folder for the clusters' state: %w", err)
		}
		o.StateDir = filepath.Join(cache, "dsconform", "sim")
	}
	for _, p := range []*string{&o.StateDir, &o.KubeconfigPath, &o.BinariesDir} {
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

// worker gives the topology of the i-th worker, counted from 0.
func (o Options) worker(i int) clusters.NodeSpec {
	if i < len(o.Topology) {
		return o.Topology[i]
	}
	return clusters.NodeSpec{Role: clusters.RoleWorker}
}

// ErrNotFound is wrapped by the error of Open and Delete if there is no such cluster.
var ErrNotFound = errors.New("no such simulated cluster")

// ErrExists is wrapped by the error of Create if the name is taken.
var ErrExists = errors.New("cluster exists")

// notFound names the clusters there are, so that a misspelt name is seen at once.
func notFound(name string, have []Info) error {
	if len(have) == 0 {
		return exit.Usagef("%w: %q; there is none at all", ErrNotFound, name)
	}
	var names []string
	for _, h := range have {
		names = append(names, h.Name)
	}
	return exit.Usagef("%w: %q; there are: %s", ErrNotFound, name, strings.Join(names, ", "))
}

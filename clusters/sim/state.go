package sim

import (
	"context"
	"path/filepath"
	"time"

	"github.com/dsconform/dsconform/clusters/internal/record"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
)

// phase is how far the making of a cluster got.
type phase string

const (
	phaseCreating phase = "creating"
	phaseReady    phase = "ready"
	phaseFailed   phase = "failed" // its files are kept for a look at them
)

// state is what later processes need to know of a cluster.
type state struct {
	// Version of this file's format.
	Version int `json:"version"`
	// Phase is phaseCreating until the cluster is of use.
	Phase phase `json:"phase"`
	// Created is when its making began.
	Created time.Time `json:"created"`
	// KubernetesVersion is the control plane's, as "v1.37.2".
	KubernetesVersion string `json:"kubernetesVersion"`
	// KubeconfigPath is where its kubeconfig was written.
	KubeconfigPath string `json:"kubeconfigPath"`
	// Controllers is the --controllers value, if any.
	Controllers string `json:"controllers,omitempty"`
	// Ports are where the components listen.
	Ports controlplane.Ports `json:"ports"`
	// Workers is the number of workers it was made with.
	Workers int `json:"workers"`
	// LastWorker is the highest number a worker's name has had; numbers are not
	// used again, so that two nodes in one cluster's life never share a name.
	LastWorker int `json:"lastWorker"`
	// LastAddress is the number of the last address given to a node.
	LastAddress int `json:"lastAddress"`
}

// stateVersion is the format this program reads and writes.
const stateVersion = 1

// store is where one cluster's files are: a folder of its own, and beside it
// the locks, which outlive it because removing a lock file would let two
// processes hold two locks of one name.
type store struct {
	dir  string
	name string
}

func (s store) folder() string { return filepath.Join(s.dir, s.name) }
func (s store) file() string   { return filepath.Join(s.folder(), "state.json") }

// errNoState is the error of read where there is no such cluster.
var errNoState = record.ErrNone

func (s store) record() record.File[state] {
	return record.File[state]{Path: s.file(), Cluster: s.name, Version: stateVersion}
}

func (s store) read() (state, error) { return s.record().Read() }

// write replaces the state as a whole: a reader sees the old or the new one.
func (s store) write(st state) error {
	st.Version = stateVersion
	return s.record().Write(st, 0o700)
}

// update changes the state while no other process does.
func (s store) update(ctx context.Context, change func(*state)) error {
	unlock, err := record.Lock(ctx, s.dir, record.State(s.name), true)
	if err != nil {
		return err
	}
	defer unlock()
	st, err := s.read()
	if err != nil {
		return err
	}
	change(&st)
	return s.write(st)
}

// tryLife takes the cluster's life lock or says soon that another process has it.
func (s store) tryLife(ctx context.Context) (func(), error) {
	return record.TryLife(ctx, s.dir, s.name)
}

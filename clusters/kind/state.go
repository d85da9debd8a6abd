package kind

import (
	"context"
	"path/filepath"
	"time"

	"github.com/dsconform/dsconform/clusters/internal/record"
)

// phase is how far the making of a cluster got.
type phase string

const (
	phaseCreating phase = "creating"
	phaseReady    phase = "ready"
	phaseFailed   phase = "failed" // kept for a look at it
)

// state is what later processes need to know of a cluster.
type state struct {
	// Version of this file's format.
	Version int `json:"version"`
	// Phase is phaseCreating until the cluster is of use.
	Phase phase `json:"phase"`
	// Created is when its making began.
	Created time.Time `json:"created"`
	// Image is the node image's reference.
	Image string `json:"image"`
	// Digest is the node image's digest or ID.
	Digest string `json:"digest"`
	// KubernetesVersion is the version in the node image, as "v1.37.2".
	KubernetesVersion string `json:"kubernetesVersion"`
	// KubeconfigPath is where its kubeconfig was written.
	KubeconfigPath string `json:"kubeconfigPath"`
	// Controllers is the --controllers value set after the start, if any.
	Controllers string `json:"controllers,omitempty"`
	// ControlPlanes is the number of control-plane nodes it was made with.
	ControlPlanes int `json:"controlPlanes"`
	// Workers is the number of workers it was made with.
	Workers int `json:"workers"`
	// LastWorker is the highest number a worker's name has had; numbers are
	// not used again, so that two nodes in one cluster's life never share a name.
	LastWorker int `json:"lastWorker"`
	// Archives are the files in the images folder, in the order they were loaded.
	Archives []string `json:"archives,omitempty"`
}

// stateVersion is the format this program reads and writes.
const stateVersion = 1

// store is where one cluster's state is kept: a folder of its own, and beside
// it the locks, which outlive it because removing a lock file would let two
// processes hold two locks of one name.
type store struct {
	dir  string
	name string
}

func (s store) folder() string            { return filepath.Join(s.dir, s.name) }
func (s store) file() string              { return filepath.Join(s.folder(), "state.json") }
func (s store) defaultKubeconfig() string { return filepath.Join(s.dir, s.name+".kubeconfig") }
func (s store) images() string            { return filepath.Join(s.folder(), "images") }
func (s store) kindLog() string           { return filepath.Join(s.folder(), "kind.log") }

func (s store) record() record.File[state] {
	return record.File[state]{Path: s.file(), Cluster: s.name, Version: stateVersion}
}

// read gives the state; a cluster without one is errNoState.
func (s store) read() (state, error) { return s.record().Read() }

var errNoState = record.ErrNone

// write replaces the state as a whole: a reader sees the old or the new one.
func (s store) write(st state) error {
	st.Version = stateVersion
	return s.record().Write(st, 0o755)
}

// update changes the state while no other process does.
func (s store) update(ctx context.Context, change func(*state) error) error {
	unlock, err := record.Lock(ctx, s.dir, record.State(s.name), true)
	if err != nil {
		return err
	}
	defer unlock()
	st, err := s.read()
	if err != nil {
		return err
	}
	if err := change(&st); err != nil {
		return err
	}
	return s.write(st)
}

// shareLife keeps the cluster from being made anew or deleted meanwhile.
func (s store) shareLife(ctx context.Context) (func(), error) {
	return record.Lock(ctx, s.dir, record.Life(s.name), false)
}

// lockNetwork holds the network all clusters share: shared while a cluster is
// being put on it, alone for removing it.
func (s store) lockNetwork(ctx context.Context, alone bool) (func(), error) {
	return record.Lock(ctx, s.dir, "network", alone)
}

// tryLife takes the cluster's life lock alone or says at once that another process has it.
func (s store) tryLife(ctx context.Context) (func(), error) {
	return record.TryLife(ctx, s.dir, s.name)
}

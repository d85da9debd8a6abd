package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
	"github.com/dsconform/dsconform/internal/exit"
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
var errNoState = errors.New("no state is kept of this cluster")

func (s store) read() (state, error) {
	raw, err := os.ReadFile(s.file())
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, errNoState
	}
	if err != nil {
		return state{}, fmt.Errorf("reading the state of cluster %s: %w", s.name, err)
	}
	var st state
	if err := json.Unmarshal(raw, &st); err != nil {
		return state{}, fmt.Errorf("reading the state of cluster %s in %s: %w", s.name, s.file(), err)
	}
	if st.Version != stateVersion {
		return state{}, exit.Environmentf("the state of cluster %s in %s has format %d, this program knows %d: delete the cluster with the program that made it", s.name, s.file(), st.Version, stateVersion)
	}
	return st, nil
}

// write replaces the state as a whole: a reader sees the old or the new one.
func (s store) write(st state) error {
	st.Version = stateVersion
	raw, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the state of cluster %s: %w", s.name, err)
	}
	err = os.MkdirAll(s.folder(), 0o700)
	if err == nil {
		err = os.WriteFile(s.file()+".new", append(raw, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(s.file()+".new", s.file())
	}
	if err != nil {
		return fmt.Errorf("writing the state of cluster %s: %w", s.name, err)
	}
	return nil
}

// update changes the state while no other process does.
func (s store) update(ctx context.Context, change func(*state)) error {
	unlock, err := s.lock(ctx, "state")
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

// lock takes one of the cluster's locks: "life" for those who make or delete
// it, "state" around each change of the state file.
func (s store) lock(ctx context.Context, what string) (func(), error) {
	return binaries.Lock(ctx, filepath.Join(s.dir, ".locks", s.name+"."+what), nil)
}

// lifePatience is how long another process's hold on the life lock is waited for.
const lifePatience = 500 * time.Millisecond

// tryLife takes the life lock or says soon that another process has it.
func (s store) tryLife(ctx context.Context) (func(), error) {
	ctx, cancel := context.WithTimeout(ctx, lifePatience)
	defer cancel()
	unlock, err := s.lock(ctx, "life")
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, exit.Environmentf("another process is making or deleting cluster %s: wait for it, or choose another name", s.name)
	}
	return unlock, err
}

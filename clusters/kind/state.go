package kind

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/dsconform/dsconform/internal/exit"
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

// read gives the state; a cluster without one is errNoState.
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

var errNoState = errors.New("no state is kept of this cluster")

// write replaces the state as a whole: a reader sees the old or the new one.
func (s store) write(st state) error {
	st.Version = stateVersion
	raw, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the state of cluster %s: %w", s.name, err)
	}
	if err := os.MkdirAll(s.folder(), 0o755); err != nil {
		return fmt.Errorf("writing the state of cluster %s: %w", s.name, err)
	}
	fresh := s.file() + ".new"
	if err := os.WriteFile(fresh, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the state of cluster %s: %w", s.name, err)
	}
	if err := os.Rename(fresh, s.file()); err != nil {
		return fmt.Errorf("writing the state of cluster %s: %w", s.name, err)
	}
	return nil
}

// update changes the state while no other process does.
func (s store) update(ctx context.Context, change func(*state) error) error {
	unlock, err := s.lock(ctx, "state", true)
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

// lockPoll is how often a lock held by another process is asked for again: the
// kernel has no wait for a lock that a context can end.
const lockPoll = 50 * time.Millisecond

// lock takes one of the cluster's locks, waiting as long as ctx allows. "life"
// is held alone by those who make or delete the cluster and shared by those who
// add to it; "state" alone around each change of the state file.
func (s store) lock(ctx context.Context, what string, alone bool) (func(), error) {
	return s.take(ctx, s.name+"."+what, alone)
}

// lockNetwork holds the network all clusters share: shared while a cluster is
// being put on it, alone for removing it.
func (s store) lockNetwork(ctx context.Context, alone bool) (func(), error) {
	return s.take(ctx, "network", alone)
}

func (s store) take(ctx context.Context, name string, alone bool) (func(), error) {
	folder := filepath.Join(s.dir, ".locks")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of the lock %s: %w", name, err)
	}
	l := flock.New(filepath.Join(folder, name))
	try := l.TryRLockContext
	if alone {
		try = l.TryLockContext
	}
	if _, err := try(ctx, lockPoll); err != nil {
		_ = l.Close()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("another process holds %s: %w", l.Path(), context.Cause(ctx))
		}
		return nil, fmt.Errorf("locking %s: %w", l.Path(), err)
	}
	return func() { _ = l.Close() }, nil
}

// tryLife takes the cluster's life lock alone or says at once that another process has it.
func (s store) tryLife(ctx context.Context) (func(), error) {
	ctx, cancel := context.WithTimeout(ctx, 4*lockPoll)
	defer cancel()
	unlock, err := s.lock(ctx, "life", true)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, exit.Environmentf("another process is making, changing or deleting cluster %s: wait for it, or choose another name", s.name)
	}
	return unlock, err
}

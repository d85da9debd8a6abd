package record

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/dsconform/dsconform/internal/exit"
)

// lockPoll is how often a lock held by another process is asked for again: the
// kernel has no wait for a lock that a context can end.
const lockPoll = 50 * time.Millisecond

// lifePatience is how long another process's hold on a life lock is waited for.
const lifePatience = 500 * time.Millisecond

// Lock takes a lock of the name, alone or shared, waiting as long as ctx allows.
// It lies in .locks below dir, where the clusters' folders are.
func Lock(ctx context.Context, dir, name string, alone bool) (unlock func(), err error) {
	folder := filepath.Join(dir, ".locks")
	if err = os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of the lock %s: %w", name, err)
	}
	l := flock.New(filepath.Join(folder, name))
	try := l.TryRLockContext
	if alone {
		try = l.TryLockContext
	}
	if _, err = try(ctx, lockPoll); err != nil {
		_ = l.Close()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("another process holds %s: %w", l.Path(), context.Cause(ctx))
		}
		return nil, fmt.Errorf("locking %s: %w", l.Path(), err)
	}
	return func() { _ = l.Close() }, nil
}

// Life is the name of the lock that is held alone by who makes or deletes a
// cluster, and shared by who adds to it.
func Life(cluster string) string { return cluster + ".life" }

// State is the name of the lock that is held around each change of a cluster's state file.
func State(cluster string) string { return cluster + ".state" }

// TryLife takes a cluster's life lock alone, or says soon that another process has it.
func TryLife(ctx context.Context, dir, cluster string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, lifePatience)
	defer cancel()
	unlock, err = Lock(ctx, dir, Life(cluster), true)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, exit.Environmentf("another process is making, changing or deleting cluster %s: wait for it, or choose another name", cluster)
	}
	return unlock, err
}

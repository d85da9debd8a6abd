package dockerd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/dsconform/dsconform/clusters/steps"
)

const (
	// lockRetry is how often a lock held elsewhere is tried again: the kernel
	// has no waiting for a lock that ends with a context.
	lockRetry = 100 * time.Millisecond
	// installLock lets processes take turns at the machine's packages, which all folders share.
	installLock = "/run/dsconform-install.lock"
)

// acquire makes the folder and takes its lock, waiting while another process
// has it. The lock ends with the process at the latest.
func acquire(ctx context.Context, l layout, log *steps.Log) (release func(), err error) {
	return lockFile(ctx, l.lock(), func() {
		log.Notef("another process is at work on the private engine in %s: waiting for it", l.dir)
	})
}

// lockFile takes the lock on path, making its folder, and calls waiting once if it has to wait.
func lockFile(ctx context.Context, path string, waiting func()) (release func(), err error) {
	for told := false; ; {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of the lock: %w", err)
		}
		lock := flock.New(path, flock.SetPermissions(0o600))
		got, err := lock.TryLock()
		if err == nil && !got {
			if !told {
				waiting()
				told = true
			}
			got, err = lock.TryLockContext(ctx, lockRetry)
		}
		if errors.Is(err, fs.ErrNotExist) && ctx.Err() == nil {
			_ = lock.Close() // the folder was removed meanwhile: make it again
			continue
		}
		if err != nil || !got {
			_ = lock.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if current(lock) {
			return func() { _ = lock.Close() }, nil
		}
		_ = lock.Close()
	}
}

// current tells whether the locked file is still the one its path names. A
// folder removed while this process waited leaves it with the lock on a file
// that nobody else will ever find.
func current(lock *flock.Flock) bool {
	mine, err := lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(lock.Path())
	return err == nil && os.SameFile(mine, there)
}

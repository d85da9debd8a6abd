package binaries

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is how often a lock held by another process is asked for again. The
// kernel offers no way to wait for a lock that a context can end.
const lockPoll = 200 * time.Millisecond

// Lock takes an exclusive lock on the file path, which it makes, waiting as
// long as ctx allows; waiting is called once if another holder makes it wait.
// The lock goes with the process however that ends, so a killed build never
// blocks the next. The file stays: removing it would let two processes lock
// two files of one name.
func Lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	if err = os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of the lock %s: %w", path, err)
	}
	f := flock.New(path)
	got, err := f.TryLock()
	if err == nil && !got {
		if waiting != nil {
			waiting()
		}
		_, err = f.TryLockContext(ctx, lockPoll)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil
}

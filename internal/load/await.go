package load

import (
	"context"
	"math/rand/v2"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// look is how often is looked again, on average. The kernel tells nobody of a
// queue that has become shorter.
const look = 500 * time.Millisecond

// settle is how long one that begins keeps the gate shut: by then what it has given
// the machine to do shows.
const settle = 150 * time.Millisecond

// Await returns once the machine is not full and nobody else has just begun, or
// after patience, give or take a half, or when ctx ends, and tells how long it took.
// Those that wait look at times of their own, and lose patience at times of their
// own, lest all begin at once. gate is the file they lock; empty for none.
func Await(ctx context.Context, patience time.Duration, gate string) time.Duration {
	return await(ctx, patience, Now, func() bool { return pass(gate) })
}

func await(ctx context.Context, patience time.Duration, now func() (Load, bool), pass func() bool) time.Duration {
	begun := time.Now()
	// No verdict depends on what is drawn, and no two processes may draw the same.
	draw := rand.New(rand.NewPCG(uint64(os.Getpid()), uint64(begun.UnixNano())))
	patience = around(draw, patience)
	for {
		l, known := now()
		if !known || time.Since(begun) >= patience || !l.Full() && pass() {
			return time.Since(begun)
		}
		select {
		case <-ctx.Done():
			return time.Since(begun)
		case <-time.After(around(draw, look)):
		}
	}
}

// pass tells whether nobody else has just passed the gate, and shuts it for a while
// if so. A gate that cannot be shut stands open: it spares the machine, no verdict
// depends on it.
func pass(gate string) bool {
	if gate == "" {
		return true
	}
	lock := flock.New(gate)
	if shut, err := lock.TryLock(); err == nil && !shut {
		_ = lock.Close()
		return false
	}
	time.AfterFunc(settle, func() { _ = lock.Close() })
	return true
}

// around draws from a half to one and a half of d.
func around(draw *rand.Rand, d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d/2 + time.Duration(draw.Int64N(int64(d)))
}

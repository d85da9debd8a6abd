package load

import (
	"context"
	"math/rand/v2"
	"os"
	"time"
)

// look is how often is looked again, on average. The kernel tells nobody of a
// queue that has become shorter.
const look = 500 * time.Millisecond

// Await returns once the machine is not full, or after patience, give or take a
// half, or when ctx ends, and tells how long it took. Those that wait look at times
// of their own, and lose patience at times of their own, lest all begin at once.
func Await(ctx context.Context, patience time.Duration) time.Duration {
	return await(ctx, patience, Now)
}

func await(ctx context.Context, patience time.Duration, now func() (Load, bool)) time.Duration {
	begun := time.Now()
	// No verdict depends on what is drawn, and no two processes may draw the same.
	draw := rand.New(rand.NewPCG(uint64(os.Getpid()), uint64(begun.UnixNano())))
	patience = around(draw, patience)
	for {
		l, known := now()
		if waited := time.Since(begun); !known || !l.Full() || waited >= patience {
			return waited
		}
		select {
		case <-ctx.Done():
			return time.Since(begun)
		case <-time.After(around(draw, look)):
		}
	}
}

// around draws from a half to one and a half of d.
func around(draw *rand.Rand, d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d/2 + time.Duration(draw.Int64N(int64(d)))
}

package cost

import (
	"errors"
	"sync/atomic"
	"testing"
)

// TestOneErrorStopsNoOther: a clean-up leaves nothing behind for an error of another.
func TestOneErrorStopsNoOther(t *testing.T) {
	t.Parallel()
	var done atomic.Int32
	refused := errors.New("refused")
	err := atOnce(make([]string, 10*makers), func(string) error {
		if done.Add(1) == 1 {
			return refused
		}
		return nil
	})
	if !errors.Is(err, refused) || done.Load() != 10*makers {
		t.Errorf("%d of %d, %v", done.Load(), 10*makers, err)
	}
}

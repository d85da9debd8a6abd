package trial

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
)

// TestSlots: every piece is done, in a slot of its own, and an error ends the rest.
func TestSlots(t *testing.T) {
	t.Parallel()
	var done atomic.Int64
	var taken [3]atomic.Bool
	err := Slots(t.Context(), len(taken), 50, func(_ context.Context, slot, _ int) error {
		if taken[slot].Swap(true) {
			t.Errorf("slot %d is taken twice at once", slot)
		}
		done.Add(1)
		taken[slot].Store(false)
		return nil
	})
	if err != nil || done.Load() != 50 {
		t.Errorf("%d of 50 pieces, %v", done.Load(), err)
	}
	broken, begun := errors.New("broken"), 0
	err = Slots(t.Context(), 1, 50, func(_ context.Context, _, piece int) error {
		if begun++; piece == 2 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || begun != 3 {
		t.Errorf("%d pieces begun, want 3, and %v", begun, err)
	}
}

package load

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
)

func TestParse(t *testing.T) {
	t.Parallel()
	got, ok := parse("106.20 70.06 45.02 195/810 30600\n", 2)
	if want := (Load{Ready: 195, Average: 106.2, Processors: 2}); !ok || got != want {
		t.Errorf("got %+v, %v", got, ok)
	}
	for name, line := range map[string]string{"nothing": "", "words": "a b c d/e 1", "too little": "0.1 0.2"} {
		if got, ok := parse(line, 2); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, ok := parse("1 1 1 1/1 1", 0); ok {
		t.Error("a machine without processors")
	}
}

func TestWhatIsMuchDependsOnTheProcessors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		load                      Load
		full, overloaded, swamped bool
	}{
		{Load{Ready: 12, Average: 30, Processors: 2}, false, false, false},
		{Load{Ready: 13, Average: 30, Processors: 2}, true, false, false},
		{Load{Ready: 1, Average: 31, Processors: 2}, false, true, false},
		{Load{Ready: 13, Average: 31, Processors: 4}, false, false, false},
		{Load{Ready: 1, Average: 100, Processors: 2}, false, true, false},
		{Load{Ready: 1, Average: 101, Processors: 2}, false, true, true},
	} {
		if tc.load.Full() != tc.full || tc.load.Overloaded() != tc.overloaded || tc.load.Swamped() != tc.swamped {
			t.Errorf("%+v: full %v, overloaded %v, swamped %v", tc.load, tc.load.Full(), tc.load.Overloaded(), tc.load.Swamped())
		}
	}
}

// after is a machine that is full until then.
func after(full time.Duration) func() (Load, bool) {
	begun := time.Now()
	return func() (Load, bool) {
		if time.Since(begun) < full {
			return Load{Ready: 100, Processors: 1}, true
		}
		return Load{Ready: 1, Processors: 1}, true
	}
}

func wide() bool { return true }

// TestOneBeginsAfterAnother: all see at the same time that the machine has room.
func TestOneBeginsAfterAnother(t *testing.T) {
	t.Parallel()
	gate := filepath.Join(t.TempDir(), "gate")
	if !pass(gate) {
		t.Fatal("the first one does not pass")
	}
	if pass(gate) {
		t.Error("the second one passes at once")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := flock.New(gate)
	if open, err := again.TryLockContext(ctx, settle/10); !open {
		t.Fatalf("the gate stays shut: %v", err)
	}
	_ = again.Close()
	for name, file := range map[string]string{"no gate": "", "one that cannot be shut": filepath.Join(gate, "gate")} {
		for range 2 {
			if !pass(file) {
				t.Errorf("%s stops somebody", name)
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		shut := func() bool { return time.Since(begun) >= 10*time.Second }
		if got := await(t.Context(), time.Minute, after(0), shut); got < 10*time.Second || got > 10*time.Second+3*look/2 {
			t.Errorf("with a gate shut for ten seconds it took %s", got)
		}
	})
}

func TestAwait(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		full, patience, least, most time.Duration
	}{
		"a machine that is not full":   {0, time.Minute, 0, 0},
		"one that is for a while":      {10 * time.Second, time.Minute, 10 * time.Second, 10*time.Second + 3*look/2},
		"one that stays so":            {time.Hour, time.Minute, 30 * time.Second, 90*time.Second + 3*look/2},
		"nobody who would wait for it": {time.Hour, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if got := await(t.Context(), tc.patience, after(tc.full), wide); got < tc.least || got > tc.most {
					t.Errorf("it took %s", got)
				}
			})
		})
	}
}

func TestAwaitEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if got := await(ctx, time.Hour, after(time.Hour), wide); got != 5*time.Second {
			t.Errorf("it took %s", got)
		}
		if got := await(t.Context(), time.Hour, func() (Load, bool) { return Load{}, false }, wide); got != 0 {
			t.Errorf("a system that does not tell was waited for for %s", got)
		}
	})
}

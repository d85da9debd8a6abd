package framework

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dsconform/dsconform/internal/load"
)

func TestADeadlineAccusesNobodyOnAnOverloadedMachine(t *testing.T) {
	t.Parallel()
	accused := Failure{Class: NonConformant, Expected: "pods", Seen: "none", Cause: "no controller writes", Look: []string{"its log"}}
	ofOthers := Failure{Class: EnvironmentFault, Seen: "none", Cause: "a node is gone"}
	unexplained := Failure{Class: NonConformant, Seen: "none", Unexplained: true}
	busy := func() (load.Load, bool) { return load.Load{Average: 51, Processors: 2}, true }
	for name, tc := range map[string]struct {
		load func() (load.Load, bool)
		f    Failure
		want bool
	}{
		"overloaded":                       {busy, accused, true},
		"overloaded, and nothing explains": {busy, unexplained, true},
		"another's fault already":          {busy, ofOthers, false},
		"busy": {func() (load.Load, bool) {
			return load.Load{Average: 30, Ready: 200, Processors: 2}, true
		}, accused, false},
		"a system that does not tell": {func() (load.Load, bool) { return load.Load{Average: 51, Processors: 2}, false }, accused, false},
		"nobody asks":                 {nil, accused, false},
	} {
		e := &Env{load: tc.load}
		got := e.excused(tc.f, load.Load.Overloaded)
		if !tc.want {
			if !reflect.DeepEqual(got, tc.f) {
				t.Errorf("%s: %+v", name, got)
			}
			continue
		}
		if got.Class != EnvironmentFault || got.Unexplained || got.Seen != "none" ||
			!strings.Contains(got.Cause, "the machine was overloaded") || !strings.Contains(got.Cause, "51 threads were ready to run on 2 processors") {
			t.Errorf("%s: %+v", name, got)
		}
		if tc.f.Cause != "" && (len(got.Evidence) != 1 || !strings.Contains(got.Evidence[0], tc.f.Cause)) {
			t.Errorf("%s: the likely cause is lost: %q", name, got.Evidence)
		}
	}
	if accused.Cause != "no controller writes" || len(accused.Look) != 1 {
		t.Errorf("the failure that was given has changed: %+v", accused)
	}
}

func TestTheFirstWorkerLosesPatienceFirst(t *testing.T) {
	t.Parallel()
	for worker, want := range map[int]time.Duration{0: time.Minute, 1: time.Minute, 2: 2 * time.Minute, 10: 10 * time.Minute, 36: 10 * time.Minute} {
		if got := (Settings{Worker: worker, Timeouts: Timeouts{Turn: time.Minute}}).patience(); got != want {
			t.Errorf("worker %d waits %s, not %s", worker, got, want)
		}
	}
}

func TestACleanUpHasTwiceTheTimeOnAnOverloadedMachine(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		load load.Load
		want time.Duration
	}{
		"busy":       {load.Load{Average: 30, Processors: 2}, time.Minute},
		"overloaded": {load.Load{Average: 51, Processors: 2}, 2 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := &Env{Timeouts: Timeouts{Cleanup: time.Minute}, Log: slog.New(slog.DiscardHandler), reporter: &noted{}, load: func() (load.Load, bool) { return tc.load, true }}
			began := time.Now()
			e.Cleanup("wait for what never comes", func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			})
			e.close(t.Context())
			if took := time.Since(began); took != tc.want {
				t.Errorf("%s: %s, not %s", name, took, tc.want)
			}
		})
	}
}

// TestWhatCameWithTheDeadlineCame: it may have passed again in a second turn.
func TestWhatCameWithTheDeadlineCame(t *testing.T) {
	t.Parallel()
	e := &Env{load: func() (load.Load, bool) { return load.Load{Average: 51, Processors: 2}, true }}
	turns := 0
	said, err := e.granted(t.Context(), time.Minute, func(context.Context) (bool, error) {
		turns++
		return true, nil
	})
	if turns != 1 || err != nil || said != "1m0s" {
		t.Errorf("%d turns, %q, %v", turns, said, err)
	}
}

// TestTwiceTheTimeOnAnOverloadedMachine: what comes in the second turn is in time
// there, and late elsewhere.
func TestTwiceTheTimeOnAnOverloadedMachine(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for name, tc := range map[string]struct {
		average     float64
		comes, took time.Duration
		fails       error
		said        string
		want        error
	}{
		"in time":                   {51, 50 * time.Second, 50 * time.Second, nil, "1m0s", nil},
		"late":                      {30, 70 * time.Second, time.Minute, nil, "1m0s", context.DeadlineExceeded},
		"overloaded":                {51, 70 * time.Second, 70 * time.Second, nil, "2m0s (twice 1m0s, since the machine was overloaded)", nil},
		"overloaded, and too late":  {51, time.Hour, 2 * time.Minute, nil, "2m0s (twice 1m0s, since the machine was overloaded)", context.DeadlineExceeded},
		"overloaded, and an error":  {51, 20 * time.Second, 20 * time.Second, refused, "1m0s", refused},
		"nothing that comes, ended": {51, 10 * time.Hour, 90 * time.Second, nil, "2m0s (twice 1m0s, since the machine was overloaded)", context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if errors.Is(tc.want, context.Canceled) {
					time.AfterFunc(tc.took, cancel)
				}
				e := &Env{load: func() (load.Load, bool) { return load.Load{Average: tc.average, Processors: 2}, true }}
				begun := time.Now()
				came := time.After(tc.comes)
				said, err := e.granted(ctx, time.Minute, func(limit context.Context) (bool, error) {
					select {
					case <-came:
						return false, tc.fails
					case <-limit.Done():
						return true, limit.Err()
					}
				})
				if took := time.Since(begun); said != tc.said || !errors.Is(err, tc.want) || took != tc.took {
					t.Errorf("%q and %v after %s", said, err, took)
				}
			})
		})
	}
}

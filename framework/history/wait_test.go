package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
)

func TestErrorsOfWaitsHoldTheirReasons(t *testing.T) {
	last, cause := errors.New("pod a is not there"), errors.New("interrupted")
	for want, err := range map[string]error{
		"pod a is not there (interrupted)":   &AwaitError{Last: last, Cause: cause},
		"pod a is not there":                 RetryAt(t0, last),
		"from the start: pod a is not there": &DisturbedError{Err: last},
		"pod a is not there, since entry #1 03:04:05.678 the spec waits": &DisturbedError{
			Entry: Entry{Seq: 1, Time: t0, Kind: KindAction, Text: "waits"}, Err: last,
		},
	} {
		if err.Error() != want || !errors.Is(err, last) {
			t.Errorf("got %q, want %q", err, want)
		}
	}
	if !errors.Is(&AwaitError{Last: last, Cause: cause}, cause) {
		t.Error("the cause is not found")
	}
	if got := (&GapError{Entry: Entry{Text: "changes were lost"}}).Error(); got != "cannot tell: changes were lost" {
		t.Errorf("got %q", got)
	}
}

func TestAwaitOfWhatHoldsTakesNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		start, judged := time.Now(), 0
		err := r.Await(hour(t), func(s *State) error {
			if judged++; s.Pod("a") == nil || !s.Now().Equal(start) {
				return fmt.Errorf("at %v the pods are %v", s.Now(), s.Pods())
			}
			return nil
		})
		if err != nil || judged != 1 || !time.Now().Equal(start) {
			t.Errorf("%v after %d judgements and %s", err, judged, time.Since(start))
		}
	})
}

func TestAwaitIsOverWithTheReasonOfItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record(t, newServer())
		ctx, cancel := context.WithCancelCause(t.Context())
		interrupted := errors.New("the user interrupted")
		go func() {
			wait(t.Context(), time.Second)
			cancel(interrupted)
		}()
		if err := r.Await(ctx, func(*State) error { return errors.New("not yet") }); !errors.Is(err, interrupted) || err.Error() != "not yet (the user interrupted)" {
			t.Errorf("got %v", err)
		}
	})
}

// A condition that asks to be judged again in the past is judged every
// millisecond, and not as often as the machine can.
func TestAwaitOfThePastDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record(t, newServer())
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond+1)
		defer cancel()
		judged := 0
		err := r.Await(ctx, func(s *State) error {
			judged++
			return RetryAt(s.Now().Add(-time.Hour), fmt.Errorf("judgement %d", judged))
		})
		if judged != 11 || err.Error() != "judgement 11 (context deadline exceeded)" {
			t.Errorf("%d judgements in ten milliseconds: %v", judged, err)
		}
	})
}

func TestAwaitIsJudgedByEntriesBeforeItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		r := record(t, f)
		synctest.Wait()
		start := time.Now()
		go func() { wait(t.Context(), time.Second); f.change(watch.Added, "a", nil) }()
		err := r.Await(hour(t), func(s *State) error {
			if s.Pod("a") == nil {
				return RetryAt(start.Add(time.Minute), errors.New("no pod"))
			}
			return nil
		})
		if err != nil || time.Since(start) != time.Second {
			t.Errorf("%v after %s, want the entry to be seen at once", err, time.Since(start))
		}
	})
}

func TestQuietTellsWhatBrokeThePeace(t *testing.T) {
	lost := func(f *server) {
		f.set(errors.New("down"))
		f.cut()
		f.change(watch.Modified, "a", nil)
		f.forget()
		f.set(nil)
	}
	for name, tc := range map[string]struct {
		after func(*server, *Recorder)
		hold  func(*State) error
		took  time.Duration
		want  string
	}{
		"nothing": {func(*server, *Recorder) {}, fine, 5 * time.Second, ""},
		"a change, which is waited out": {
			func(f *server, _ *Recorder) { f.change(watch.Modified, "a", nil) }, fine, 6 * time.Second, "",
		},
		"changes were lost": {
			func(f *server, _ *Recorder) { lost(f) }, fine, 1100 * time.Millisecond,
			"cannot tell: changes of Pods in namespace spec were lost: too old resource version",
		},
		"the recorder was stopped": {
			func(_ *server, r *Recorder) { r.Stop() }, fine, time.Second, "not quiet for 5s yet (the event log was stopped)",
		},
		"what was to hold is over, by time alone": {
			func(*server, *Recorder) {}, func(s *State) error {
				if s.Now().Nanosecond() > 0 || s.Now().Second()%10 >= 5 {
					return errors.New("its time is over")
				}
				return nil
			}, 5 * time.Second, "at the end of the window: its time is over",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newServer()
				f.change(watch.Added, "a", nil)
				r := record(t, f)
				synctest.Wait()
				start := time.Now()
				go func() {
					wait(t.Context(), time.Second)
					tc.after(f, r)
				}()
				got := ""
				if err := r.Quiet(hour(t), 5*time.Second, every, tc.hold); err != nil {
					got = err.Error()
				}
				if !strings.HasSuffix(got, tc.want) || (got == "") != (tc.want == "") || time.Since(start) != tc.took {
					t.Errorf("after %s: %s\nwant %s: %s", time.Since(start), got, tc.took, tc.want)
				}
			})
		})
	}
}

func TestQuietSaysWhatItSawLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		synctest.Wait()
		limit := func() (context.Context, context.CancelFunc) { return context.WithTimeout(t.Context(), 5*time.Second-1) }
		ctx, cancel := limit()
		defer cancel()
		if err := r.Quiet(ctx, 5*time.Second, every, fine); err == nil || err.Error() != "not quiet for 5s yet (context deadline exceeded)" {
			t.Errorf("got %v", err)
		}
		ctx, cancel = limit()
		defer cancel()
		go func() {
			wait(t.Context(), time.Millisecond) // once Quiet has begun
			f.change(watch.Modified, "a", nil)
		}()
		want := "not quiet for 5s: the last change was #2 00:00:05.000 Pod a Modified (resourceVersion 102) (context deadline exceeded)"
		if err := r.Quiet(ctx, 5*time.Second, every, fine); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}

func TestQuietBeginsAnewWhenTheWatchIsUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		r := record(t, f)
		synctest.Wait()
		start := time.Now()
		go func() {
			wait(t.Context(), 2*time.Second)
			f.set(errors.New("down"))
			f.cut() // it is tried again after 100, 300 and 700 ms
			wait(t.Context(), 500*time.Millisecond)
			f.set(nil)
		}()
		if err := r.Quiet(hour(t), 5*time.Second, func(Entry) bool { return false }, fine); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 7700*time.Millisecond {
			t.Errorf("took %s, want 2.7 s until the watch is up again and 5 s of quiet", took)
		}
	})
}

func TestACursorIsSightedAtTheEndOfAWholeLog(t *testing.T) {
	r := blankRecorder(t)
	c := r.here()
	if !c.sighted() {
		t.Error("with every watch up, at the end, it is not sighted")
	}
	r.Act("waits", KindPod, nil)
	if c.sighted() {
		t.Error("it is sighted with an entry before it")
	}
	if e, changed, err := c.next(); err != nil || changed != nil || e.Seq != 1 || !c.sighted() {
		t.Errorf("next gave %v, %v", e, err)
	}
	r.see(false)
	if c.sighted() {
		t.Error("it is sighted while a watch is down")
	}
	r.see(true)
	if _, changed, err := c.next(); err != nil || changed == nil || !c.sighted() {
		t.Errorf("at the end next gave %v, %v", changed, err)
	}
}

func TestARecorderThatWasStoppedStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		c := r.here()
		f.change(watch.Modified, "a", nil)
		synctest.Wait()
		r.Stop()
		r.Stop()
		r.Act("deletes Pod", KindPod, &corev1.Pod{})
		r.OnEntry(func(*State, Entry) { t.Error("an observer is called after the end") })
		synctest.Wait()
		want(t, changes(r.Entries()), "Listed a", "Modified a")
		if e, _, err := c.next(); err != nil || e.Seq != 2 {
			t.Errorf("what was recorded can no longer be read: %v, %v", e, err)
		}
		if _, _, err := c.next(); !errors.Is(err, ErrStopped) {
			t.Errorf("at the end of a log that was stopped: %v", err)
		}
		if err := r.follow(t.Context(), f.stream()); !errors.Is(err, ErrStopped) || err.Error() != "start the event log of Pods in namespace spec: the event log was stopped" {
			t.Errorf("a stream is followed after the end: %v", err)
		}
		// What holds already needs no more entries.
		if err := r.Await(hour(t), fine); err != nil {
			t.Errorf("got %v", err)
		}
	})
}

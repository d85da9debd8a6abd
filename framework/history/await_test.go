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

func phase(p corev1.PodPhase) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Status.Phase = p }
}

func TestAwaitIsJudgedOnEveryEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", phase(corev1.PodPending))
		r := record(t, f)
		done := make(chan error)
		// The phase Running stands for no time at all: a poll would miss it.
		go func() {
			done <- r.Await(hour(t), func(s *State) error {
				if got := s.Pod("a").Status.Phase; got != corev1.PodRunning {
					return fmt.Errorf("phase %s", got)
				}
				return nil
			})
		}()
		synctest.Wait()
		f.change(watch.Modified, "a", phase(corev1.PodRunning))
		f.change(watch.Modified, "a", phase(corev1.PodFailed))
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestAwaitEndsWithTheLastReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record(t, newServer())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := r.Await(ctx, func(*State) error { return errors.New("two nodes lack a pod") })
		var await *AwaitError
		if !errors.As(err, &await) || await.Last.Error() != "two nodes lack a pod" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err.Error() != "two nodes lack a pod (context deadline exceeded)" {
			t.Errorf("text %q", err)
		}
	})
}

func TestAwaitEndsWhenStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record(t, newServer())
		done := make(chan error)
		go func() { done <- r.Await(hour(t), func(*State) error { return errors.New("no") }) }()
		synctest.Wait()
		r.Stop()
		if err := <-done; !errors.Is(err, ErrStopped) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAwaitJudgesAgainAtTheGivenTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record(t, newServer())
		due := time.Now().Add(10 * time.Second)
		judged := 0
		err := r.Await(hour(t), func(s *State) error {
			judged++
			if s.Now().Before(due) {
				return fmt.Errorf("wrapped: %w", RetryAt(due, errors.New("not available yet")))
			}
			return nil
		})
		if err != nil || time.Now().Before(due) || judged != 2 {
			t.Errorf("%v after %d judgements at %v, due %v", err, judged, time.Now(), due)
		}
	})
}

func every(Entry) bool  { return true }
func fine(*State) error { return nil }
func began() func() int64 {
	t := time.Now()
	return func() int64 { return int64(time.Since(t).Seconds()) }
}

func TestQuietBeginsAtTheLastRelevantEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		synctest.Wait()
		took := began()
		go func() {
			for range 3 {
				wait(t.Context(), 4*time.Second)
				f.change(watch.Modified, "a", nil)
			}
		}()
		if err := r.Quiet(hour(t), 5*time.Second, every, fine); err != nil {
			t.Fatal(err)
		}
		if got := took(); got != 17 {
			t.Errorf("took %d s, want 12 s of changes and 5 s of quiet", got)
		}
		took = began()
		go func() { wait(t.Context(), 2*time.Second); f.change(watch.Modified, "a", nil) }()
		if err := r.Quiet(hour(t), 5*time.Second, func(Entry) bool { return false }, fine); err != nil {
			t.Fatal(err)
		}
		if got := took(); got != 5 {
			t.Errorf("took %d s though no entry was relevant", got)
		}
	})
}

func TestQuietNeverCountsTimeBeforeTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record(t, newServer())
		synctest.Wait()
		wait(t.Context(), time.Hour)
		took := began()
		if err := r.Quiet(hour(t), 5*time.Second, every, fine); err != nil || took() != 5 {
			t.Errorf("%v after %d s: a controller must be given the whole window to react", err, took())
		}
	})
}

func TestQuietNamesTheEntryThatDisturbs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		synctest.Wait()
		gone := func(s *State) error {
			if s.Pod("a") == nil {
				return errors.New("pod a is gone")
			}
			return nil
		}
		go func() {
			wait(t.Context(), time.Second)
			// Deleted and made again at once: only a judgement on every entry sees it.
			f.change(watch.Deleted, "a", nil)
			f.change(watch.Added, "a", nil)
		}()
		err := r.Quiet(hour(t), 5*time.Second, every, gone)
		var d *DisturbedError
		if !errors.As(err, &d) || d.Entry.Change != Deleted || !strings.Contains(err.Error(), "pod a is gone, since entry #2") {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		f.change(watch.Deleted, "a", nil)
		synctest.Wait()
		if err := r.Quiet(hour(t), time.Second, every, gone); !errors.As(err, &d) || d.Entry.Seq != 0 {
			t.Errorf("a condition broken to begin with gave %v", err)
		}
	})
}

func TestQuietCannotTellAcrossAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		synctest.Wait()
		go func() {
			wait(t.Context(), time.Second)
			f.change(watch.Modified, "a", nil)
			f.set(errors.New("down"))
			f.cut()
			f.change(watch.Modified, "a", nil)
			f.forget()
			f.set(nil)
		}()
		var gap *GapError
		if err := r.Quiet(hour(t), time.Minute, every, fine); !errors.As(err, &gap) {
			t.Errorf("got %v", err)
		}
	})
}

func TestQuietDoesNotCountBlindTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		r := record(t, f)
		synctest.Wait()
		f.set(errors.New("down"))
		f.cut()
		took := began()
		go func() { wait(t.Context(), 20*time.Second); f.set(nil) }()
		if err := r.Quiet(hour(t), 5*time.Second, func(Entry) bool { return false }, fine); err != nil {
			t.Fatal(err)
		}
		if got := took(); got < 25 {
			t.Errorf("took %d s, though the watch was down for the first 20", got)
		}
	})
}

func TestQuietThatNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		go func() {
			for ctx.Err() == nil {
				wait(ctx, time.Second)
				f.change(watch.Modified, "a", nil)
			}
		}()
		err := r.Quiet(ctx, 5*time.Second, every, fine)
		var await *AwaitError
		if !errors.As(err, &await) || !strings.Contains(err.Error(), "the last change was #") {
			t.Errorf("got %v", err)
		}
	})
}

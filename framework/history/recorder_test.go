package history

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

func changes(entries []Entry) []string {
	var out []string
	for _, e := range entries {
		s := string(e.Change)
		if e.Name != "" {
			s += " " + e.Name
		}
		out = append(out, s)
	}
	return out
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestWatchGoesOnFromTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		f.change(watch.Added, "b", nil)
		f.change(watch.Modified, "a", nil)
		f.change(watch.Deleted, "b", nil)
		synctest.Wait()
		want(t, changes(r.Entries()), "Listed a", "Added b", "Modified a", "Deleted b")
		s := r.State()
		if s.Pod("a") == nil || s.Pod("b") != nil || len(s.Pods()) != 1 {
			t.Errorf("the picture holds %v", s.Pods())
		}
		if s.Pod("a").Kind != "Pod" {
			t.Error("the object does not name its kind")
		}
	})
}

func TestBrokenWatchIsRestoredWithoutLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		r := record(t, f)
		synctest.Wait()
		f.set(errors.New("connection refused"))
		f.cut()
		f.change(watch.Added, "a", nil)
		f.change(watch.Modified, "a", nil)
		wait(t.Context(), time.Second)
		f.set(nil)
		if err := r.Await(hour(t), func(s *State) error {
			if s.Pod("a") == nil || s.Pod("a").ResourceVersion != "102" {
				return errors.New("pod a is not up to date")
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		want(t, changes(r.Entries()), "Note", "Note", "Added a", "Modified a")
		if g := r.Gaps(); len(g) != 0 {
			t.Errorf("gaps %v where nothing was lost", g)
		}
	})
}

func TestForgottenHistoryIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		f.change(watch.Added, "b", nil)
		f.change(watch.Added, "c", nil)
		r := record(t, f)
		synctest.Wait()
		f.set(errors.New("down"))
		f.cut()
		f.change(watch.Deleted, "a", nil)
		f.change(watch.Modified, "b", nil)
		f.forget()
		f.set(nil)
		wait(t.Context(), time.Minute)
		synctest.Wait()
		want(t, changes(r.Entries())[3:], "Gap", "Listed b", "Deleted a")
		if last := r.Entries()[5]; last.ResourceVersion != "105" || last.Object == nil {
			t.Errorf("the deletion is %+v, want the last known object at the list's resourceVersion", last)
		}
		if len(r.Gaps()) != 1 {
			t.Errorf("gaps %v", r.Gaps())
		}
	})
}

func TestErrorEventGoneIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		r := record(t, f)
		synctest.Wait()
		f.mu.Lock()
		f.watches[0].send(watch.Error, &metav1.Status{Status: metav1.StatusFailure, Code: 410, Reason: metav1.StatusReasonExpired, Message: "too old"})
		f.mu.Unlock()
		wait(t.Context(), time.Second)
		if len(r.Gaps()) != 1 {
			t.Errorf("gaps %v", r.Gaps())
		}
	})
}

func TestAWatchThatEndsAtOnceDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		r := record(t, f)
		for range 60 {
			synctest.Wait()
			f.cut()
			wait(t.Context(), time.Second)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.attempts > 30 {
			t.Errorf("%d watches in a minute", f.attempts)
		}
		if len(r.Entries()) != 0 {
			t.Errorf("entries %v", r.Entries())
		}
	})
}

func TestActStandsBeforeItsEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		synctest.Wait()
		pod := r.State().Pod("a")
		r.Act("deletes pod", KindPod, pod)
		f.change(watch.Deleted, "a", nil)
		synctest.Wait()
		entries := r.Entries()
		want(t, changes(entries), "Listed a", "Note a", "Deleted a")
		if a := entries[1]; a.On != KindPod || a.UID != "uid-a" || a.Namespace != "spec" || a.Text != "deletes pod" {
			t.Errorf("the action is %+v", a)
		}
		if len(r.State().ActionsOn(KindPod, pod)) != 1 {
			t.Error("the action is not found by its pod")
		}
	})
}

func TestOnEntrySeesAllFromTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		var seen []string
		r.OnEntry(func(s *State, e Entry) {
			seen = append(seen, fmt.Sprintf("%s %s %d", e.Change, e.Name, len(s.Pods())))
		})
		f.change(watch.Added, "b", nil)
		f.change(watch.Deleted, "a", nil)
		synctest.Wait()
		r.Stop()
		want(t, seen, "Listed a 1", "Added b 2", "Deleted a 1")
	})
}

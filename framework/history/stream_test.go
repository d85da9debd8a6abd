package history

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// attempt is one opening of a watch: when, in milliseconds since the start, and from where.
type attempt struct {
	at int64
	rv string
}

// attempts notes every opening of the stream's watch.
func attempts(s stream) (stream, *[]attempt) {
	var out []attempt
	start, open := time.Now(), s.watch
	s.watch = func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
		out = append(out, attempt{time.Since(start).Milliseconds(), o.ResourceVersion})
		if !o.AllowWatchBookmarks {
			return nil, errors.New("no bookmarks are asked for")
		}
		return open(ctx, o)
	}
	return s, &out
}

func times(of []attempt) []int64 {
	var out []int64
	for _, a := range of {
		out = append(out, a.at)
	}
	return out
}

func texts(entries []Entry) []string {
	var out []string
	for _, e := range entries {
		text := string(e.Change)
		if e.Text != "" {
			text += ": " + e.Text
		}
		out = append(out, text)
	}
	return out
}

// The pause doubles from 100 ms up to 5 s, and is short again after a success.
func TestHowOftenABrokenWatchIsTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		s, tried := attempts(f.stream())
		r := recordStream(t, s)
		synctest.Wait()
		f.set(errors.New("connection refused"))
		f.cut()
		wait(t.Context(), 20*time.Second)
		f.set(nil)
		wait(t.Context(), 10*time.Second) // the watch is up for 8.7 s of them
		f.cut()
		synctest.Wait()
		if got, want := times(*tried), []int64{0, 100, 300, 700, 1500, 3100, 6300, 11300, 16300, 21300, 30000}; !slices.Equal(got, want) {
			t.Errorf("watches begun at %v ms, want %v", got, want)
		}
		f.cut() // at once: the pause that grew during the outage must be forgotten
		wait(t.Context(), 150*time.Millisecond)
		synctest.Wait()
		if got := times(*tried); got[len(got)-1] != 30100 {
			t.Errorf("watches begun at %v ms, want the last at 30100", got)
		}
		want(t, texts(r.Entries()),
			"Note: the watch of Pods in namespace spec is interrupted: connection refused",
			"Note: the watch of Pods in namespace spec is up again")
		for _, e := range r.Entries() {
			if e.Kind != KindPod || e.Namespace != "spec" || e.Object != nil {
				t.Errorf("the note is %+v", e)
			}
		}
	})
}

func TestAWatchIsRestoredAtOnceIfItDidItsWork(t *testing.T) {
	for name, tc := range map[string]struct {
		up     time.Duration
		change bool
		want   []attempt
	}{
		"it lasted, though nothing happened":     {5*time.Second + time.Millisecond, false, []attempt{{0, "100"}, {5001, "100"}}},
		"it lasted not quite so long":            {5 * time.Second, false, []attempt{{0, "100"}, {5100, "100"}}},
		"it ended at once":                       {0, false, []attempt{{0, "100"}, {100, "100"}}},
		"it ended at once, and brought a change": {0, true, []attempt{{0, "100"}, {0, "101"}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newServer()
				s, tried := attempts(f.stream())
				r := recordStream(t, s)
				synctest.Wait()
				if tc.change {
					f.change(watch.Added, "a", nil)
				}
				wait(t.Context(), tc.up)
				synctest.Wait()
				f.cut()
				wait(t.Context(), time.Second)
				synctest.Wait()
				if !slices.Equal(*tried, tc.want) {
					t.Errorf("watches begun at %v, want %v", *tried, tc.want)
				}
				if n := len(r.Entries()); tc.change != (n == 1) {
					t.Errorf("%d entries: a watch that simply ends is no trouble", n)
				}
			})
		})
	}
}

func TestABookmarkMovesThePlaceWithoutAnEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		s, tried := attempts(f.stream())
		r := recordStream(t, s)
		synctest.Wait()
		f.watches[0].send(watch.Bookmark, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "250"}})
		f.watches[0].send(watch.Bookmark, &corev1.Pod{}) // one that names no place keeps the last
		synctest.Wait()
		f.cut()
		synctest.Wait()
		if got, want := *tried, []attempt{{0, "100"}, {0, "250"}}; !slices.Equal(got, want) {
			t.Errorf("watches begun at %v, want %v", got, want)
		}
		if n := len(r.Entries()); n != 0 {
			t.Errorf("entries %v", r.Entries())
		}
	})
}

func TestAGapIsMetAgainUntilTheListSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		f.change(watch.Added, "b", nil)
		s, tried := attempts(f.stream())
		fails, list := 0, s.list
		s.list = func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			if fails--; fails >= 0 {
				return nil, errors.New("try later")
			}
			return list(ctx, o)
		}
		r := recordStream(t, s)
		synctest.Wait()
		f.set(errors.New("down"))
		f.cut()
		f.change(watch.Modified, "b", nil)
		f.change(watch.Deleted, "a", nil)
		f.change(watch.Added, "c", nil)
		f.forget()
		fails = 2
		f.set(nil)
		wait(t.Context(), 10*time.Second)
		synctest.Wait()
		lost := "Gap: changes of Pods in namespace spec were lost: too old resource version"
		want(t, texts(r.Entries())[2:], lost, "Note: the watch of Pods in namespace spec is interrupted: list Pods in namespace spec: try later",
			lost, lost, "Listed", "Listed", "Deleted", "Note: the watch of Pods in namespace spec is up again")
		if got, want := *tried, []attempt{{0, "102"}, {100, "102"}, {300, "102"}, {700, "102"}, {700, "105"}}; !slices.Equal(got, want) {
			t.Errorf("watches begun at %v, want %v", got, want)
		}
		if n := len(r.Gaps()); n != 3 {
			t.Errorf("%d gaps, want 3", n)
		}
		for _, e := range r.Entries() {
			if e.Change == Deleted && (e.Name != "a" || e.ResourceVersion != "105" || e.UID != "uid-a") {
				t.Errorf("the deletion is %v", e)
			}
		}
	})
}

func TestAListThatHangsAfterAGapIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		s := f.stream()
		hangs, list := false, s.list
		s.list = func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			if hangs {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return list(ctx, o)
		}
		r := recordStream(t, s)
		synctest.Wait()
		hangs = true
		f.watches[0].send(watch.Error, &metav1.Status{Status: metav1.StatusFailure, Code: http.StatusGone, Reason: metav1.StatusReasonGone, Message: "compacted"})
		wait(t.Context(), 30*time.Second-1)
		synctest.Wait()
		lost := "Gap: changes of Pods in namespace spec were lost: the API server no longer has the changes since the last one seen: compacted"
		want(t, texts(r.Entries()), lost)
		wait(t.Context(), 1)
		synctest.Wait()
		want(t, texts(r.Entries()), lost, "Note: the watch of Pods in namespace spec is interrupted: list Pods in namespace spec: context deadline exceeded")
		hangs = false
	})
}

func TestAnErrorOfTheWatchThatLosesNothingIsNoGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		r := record(t, f)
		synctest.Wait()
		f.watches[0].send(watch.Error, &metav1.Status{Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Reason: metav1.StatusReasonInternalError, Message: "etcd leader changed"})
		f.change(watch.Added, "a", nil)
		wait(t.Context(), time.Second)
		synctest.Wait()
		want(t, texts(r.Entries()), "Note: the watch of Pods in namespace spec is interrupted: etcd leader changed",
			"Note: the watch of Pods in namespace spec is up again", "Added")
		if len(r.Gaps()) != 0 {
			t.Errorf("gaps %v", r.Gaps())
		}
	})
}

func TestAnObjectThatCannotBeReadIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		r := record(t, f)
		synctest.Wait()
		f.watches[0].send(watch.Added, &runtime.Unknown{})
		f.change(watch.Added, "a", nil)
		synctest.Wait()
		want(t, changes(r.Entries()), "Gap", "Added a")
		if gap := r.Entries()[0]; gap.Kind != KindPod || gap.Namespace != "spec" || gap.Text == "" {
			t.Errorf("the gap is %+v", gap)
		}
	})
}

func TestAnObjectListedAsItWasIsNoNews(t *testing.T) {
	f := newServer()
	f.change(watch.Added, "a", nil)
	f.change(watch.Added, "b", nil)
	r := blankRecorder(t)
	if rv, err := r.list(t.Context(), f.stream()); err != nil || rv != "102" {
		t.Fatalf("the list is of %s: %v", rv, err)
	}
	f.change(watch.Modified, "b", nil)
	f.change(watch.Deleted, "a", nil)
	f.change(watch.Added, "c", nil)
	f.change(watch.Deleted, "c", nil)
	for range 2 {
		if rv, err := r.list(t.Context(), f.stream()); err != nil || rv != "106" {
			t.Fatalf("the list is of %s: %v", rv, err)
		}
	}
	got := changes(r.Entries())
	slices.Sort(got[:2])
	want(t, got, "Listed a", "Listed b", "Listed b", "Deleted a")
}

func TestWhatIsGoneIsNotedByName(t *testing.T) {
	f := newServer()
	for _, name := range []string{"c", "a", "d", "b"} {
		f.change(watch.Added, name, nil)
	}
	r := blankRecorder(t)
	for range 2 {
		if _, err := r.list(t.Context(), f.stream()); err != nil {
			t.Fatal(err)
		}
		clear(f.pods)
	}
	want(t, changes(r.Entries())[4:], "Deleted a", "Deleted b", "Deleted c", "Deleted d")
}

func TestAListThatIsNoneIsAnError(t *testing.T) {
	for name, o := range map[string]runtime.Object{
		"no list":          &corev1.Pod{},
		"no metadata":      &runtime.Unknown{},
		"no items":         &metav1.Status{},
		"items without it": &corev1.List{Items: []runtime.RawExtension{{Object: &runtime.Unknown{}}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer().stream()
			s.list = answer(o)
			r := blankRecorder(t)
			if err := r.follow(t.Context(), s); err == nil || !strings.HasPrefix(err.Error(), "start the event log: list Pods in namespace spec: ") {
				t.Errorf("follow gave %v", err)
			}
			if err := r.catchUpWith(t.Context(), s); err == nil || !strings.HasPrefix(err.Error(), "list Pods in namespace spec: ") {
				t.Errorf("catchUpWith gave %v", err)
			}
			if len(r.Entries()) != 0 {
				t.Errorf("entries %v", r.Entries())
			}
		})
	}
}

func TestAnOutageIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		f := newServer()
		r := blankRecorder(t)
		r.log = slog.New(slog.NewTextHandler(&out, nil))
		if err := r.follow(t.Context(), f.stream()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			synctest.Wait()
			f.set(errors.New("down"))
			f.cut()
			wait(t.Context(), 10*time.Second)
			f.set(nil)
			wait(t.Context(), 10*time.Second)
		}
		r.Stop()
		if n := strings.Count(out.String(), `msg="watch interrupted" of="Pods in namespace spec" error=down`); n != 2 {
			t.Errorf("two outages are told %d times:\n%s", n, out.String())
		}
	})
}

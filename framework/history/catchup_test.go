package history

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// trailing stops the watches of f from telling of what happens in do, until it returns.
func trailing(f *server, do func()) {
	f.mu.Lock()
	held := f.watches
	f.watches = nil
	f.mu.Unlock()
	do()
	f.mu.Lock()
	f.watches = held
	f.mu.Unlock()
}

func TestCatchUpWaitsForAWatchThatTrails(t *testing.T) {
	for name, happened := range map[string]func(f *server){
		"an object that is new":      func(f *server) { f.change(watch.Added, "b", nil) },
		"an object that has changed": func(f *server) { f.change(watch.Modified, "a", nil) },
		"an object that is gone":     func(f *server) { f.change(watch.Deleted, "a", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newServer()
				f.change(watch.Added, "a", nil)
				r := record(t, f)
				synctest.Wait()
				trailing(f, func() { happened(f) })
				short, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := r.catchUpWith(short, f.stream()); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("it does not wait: %v", err)
				}
				done := make(chan error, 1)
				go func() { done <- r.catchUpWith(t.Context(), f.stream()) }()
				synctest.Wait()
				// What the watch held back arrives.
				for _, w := range f.watches {
					last := f.log[len(f.log)-1]
					w.send(last.Type, last.Object.DeepCopyObject())
				}
				synctest.Wait()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestCatchUpIsContentWithANewerLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		f.change(watch.Added, "b", nil)
		synctest.Wait()
		old := f.stream()
		stale, err := old.list(t.Context(), listAll())
		if err != nil {
			t.Fatal(err)
		}
		f.change(watch.Modified, "a", nil)
		f.change(watch.Deleted, "b", nil)
		synctest.Wait()
		old.list = answer(stale)
		if err := r.catchUpWith(t.Context(), old); err != nil {
			t.Errorf("the log is newer than the list: %v", err)
		}
	})
}

func listAll() metav1.ListOptions { return metav1.ListOptions{} }

func answer(o runtime.Object) func(context.Context, metav1.ListOptions) (runtime.Object, error) {
	return func(context.Context, metav1.ListOptions) (runtime.Object, error) { return o, nil }
}

func limited(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), time.Second)
}

// What a list says of pod a, against a log that has it by the UID uid-a at 101.
func TestCatchUpComparesObjectByObject(t *testing.T) {
	pod := func(name, uid, rv string) corev1.Pod {
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: name, UID: types.UID(uid), ResourceVersion: rv}}
	}
	for name, tc := range map[string]struct {
		list []corev1.Pod
		want string
	}{
		"the same":                               {[]corev1.Pod{pod("a", "uid-a", "101")}, ""},
		"an older version":                       {[]corev1.Pod{pod("a", "uid-a", "100")}, ""},
		"an older one, as text":                  {[]corev1.Pod{pod("a", "uid-a", "99")}, ""},
		"a newer version":                        {[]corev1.Pod{pod("a", "uid-a", "102")}, "Pod a is at resourceVersion 102, in the event log at 101 (context deadline exceeded)"},
		"a newer one, as text":                   {[]corev1.Pod{pod("a", "uid-a", "1000")}, "Pod a is at resourceVersion 1000, in the event log at 101 (context deadline exceeded)"},
		"nothing":                                {nil, "Pod spec/a is gone, and the event log still has it (context deadline exceeded)"},
		"another of its name":                    {[]corev1.Pod{pod("a", "uid-2", "101")}, "Pod spec/a is gone, and the event log still has it (context deadline exceeded)"},
		"one that is new":                        {[]corev1.Pod{pod("a", "uid-a", "101"), pod("b", "uid-b", "101")}, "Pod b is not in the event log yet (context deadline exceeded)"},
		"one that was deleted":                   {[]corev1.Pod{pod("a", "uid-a", "101"), pod("c", "uid-c", "102")}, ""},
		"one of which the log has the end alone": {[]corev1.Pod{pod("a", "uid-a", "101"), pod("z", "uid-z", "99")}, ""},
		"one of the name of one that was deleted": {
			[]corev1.Pod{pod("a", "uid-a", "101"), pod("c", "uid-d", "104")}, "Pod c is not in the event log yet (context deadline exceeded)",
		},
		"no number": {
			[]corev1.Pod{pod("a", "uid-a", "x1")},
			`resourceVersion "x1" of Pod a is no number: strconv.ParseUint: parsing "x1": invalid syntax (context deadline exceeded)`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newServer()
				f.change(watch.Added, "a", nil)
				r := record(t, f)
				f.change(watch.Added, "c", nil)
				f.change(watch.Deleted, "c", nil)
				f.change(watch.Deleted, "z", nil)
				synctest.Wait()
				s := f.stream()
				s.list = answer(&corev1.PodList{Items: tc.list})
				ctx, cancel := limited(t)
				defer cancel()
				start, got := time.Now(), ""
				if err := r.catchUpWith(ctx, s); err != nil {
					got = err.Error()
				}
				if got != tc.want {
					t.Errorf("got  %s\nwant %s", got, tc.want)
				}
				if tc.want == "" && !time.Now().Equal(start) {
					t.Errorf("it waited %s", time.Since(start))
				}
			})
		})
	}
}

func TestCatchUpNeedsNumbersInTheLogToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		r := record(t, f)
		synctest.Wait()
		f.change(watch.Added, "a", func(p *corev1.Pod) { p.ResourceVersion = "" })
		synctest.Wait()
		s := f.stream()
		s.list = answer(&corev1.PodList{Items: []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: "a", UID: "uid-a", ResourceVersion: "101"}}}})
		ctx, cancel := limited(t)
		defer cancel()
		want := `resourceVersion "" of Pod a is no number: strconv.ParseUint: parsing "": invalid syntax (context deadline exceeded)`
		if err := r.catchUpWith(ctx, s); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}

// A pod of the same name takes the place of the one that is gone.
func TestCatchUpWaitsForBothWhenANameIsTakenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		synctest.Wait()
		trailing(f, func() {
			f.change(watch.Deleted, "a", nil)
			f.change(watch.Added, "a", func(p *corev1.Pod) { p.UID = "uid-2" })
		})
		done := make(chan error, 1)
		go func() { done <- r.catchUpWith(t.Context(), f.stream()) }()
		for _, ev := range f.log[1:] {
			synctest.Wait()
			select {
			case err := <-done:
				t.Fatalf("it does not wait for %s: %v", ev.Type, err)
			default:
			}
			f.watches[0].send(ev.Type, ev.Object.DeepCopyObject())
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

package history

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
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

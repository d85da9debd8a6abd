package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// pipe is a watch whose end and whose events may meet.
type pipe struct {
	mu    sync.Mutex
	ch    chan watch.Event
	ended bool
}

func (p *pipe) ResultChan() <-chan watch.Event { return p.ch }

func (p *pipe) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		p.ended = true
		close(p.ch)
	}
}

func (p *pipe) send(t watch.EventType, o runtime.Object) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		p.ch <- watch.Event{Type: t, Object: o}
	}
}

// server is an API server of one kind (pods), with a history that can be forgotten.
type server struct {
	mu       sync.Mutex
	rv       int
	pods     map[string]*corev1.Pod
	log      []watch.Event
	forgot   int
	down     error
	watches  []*pipe
	attempts int
}

func newServer() *server { return &server{rv: 100, pods: map[string]*corev1.Pod{}} }

func (f *server) change(t watch.EventType, name string, edit func(*corev1.Pod)) {
	f.mu.Lock()
	f.rv++
	p := &corev1.Pod{}
	if old, ok := f.pods[name]; ok {
		p = old.DeepCopy()
	}
	p.Namespace, p.Name, p.UID, p.ResourceVersion = "spec", name, types.UID("uid-"+name), strconv.Itoa(f.rv)
	if edit != nil {
		edit(p)
	}
	f.pods[name] = p
	if t == watch.Deleted {
		delete(f.pods, name)
	}
	ev := watch.Event{Type: t, Object: p}
	f.log = append(f.log, ev)
	watches := f.watches
	f.mu.Unlock()
	for _, w := range watches {
		w.send(t, p.DeepCopy())
	}
}

// cut ends all watches, as a restart of the API server does.
func (f *server) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.watches {
		w.Stop()
	}
	f.watches = nil
}

func (f *server) set(down error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

// forget drops the history up to now, as etcd's compaction does.
func (f *server) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forgot = f.rv
}

func (f *server) stream() stream {
	return stream{kind: KindPod, namespace: "spec",
		list: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.down != nil {
				return nil, f.down
			}
			l := &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: strconv.Itoa(f.rv)}}
			for _, p := range f.pods {
				l.Items = append(l.Items, *p.DeepCopy())
			}
			return l, nil
		},
		watch: func(_ context.Context, o metav1.ListOptions) (watch.Interface, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.attempts++
			if f.down != nil {
				return nil, f.down
			}
			from, err := strconv.Atoi(o.ResourceVersion)
			if err != nil {
				return nil, err
			}
			if from < f.forgot {
				return nil, apierrors.NewResourceExpired("too old resource version")
			}
			w := &pipe{ch: make(chan watch.Event, 100)}
			for _, ev := range f.log {
				if rv, _ := strconv.Atoi(ev.Object.(*corev1.Pod).ResourceVersion); rv > from {
					w.send(ev.Type, ev.Object.DeepCopyObject())
				}
			}
			f.watches = append(f.watches, w)
			return w, nil
		}}
}

// record starts a recorder on the server alone.
func record(t *testing.T, f *server) *Recorder {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &Recorder{
		log: slog.New(slog.DiscardHandler), home: "spec", ctx: ctx, cancel: cancel,
		state: NewState("spec"), changed: make(chan struct{}),
	}
	if err := r.follow(ctx, f.stream()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r
}

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
		if err := r.Await(t.Context(), func(s *State) error {
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

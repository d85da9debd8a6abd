package history

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"testing"
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
	return recordStream(t, f.stream())
}

// recordStream starts a recorder on one stream alone.
func recordStream(t *testing.T, s stream) *Recorder {
	t.Helper()
	r := blankRecorder(t)
	if err := r.follow(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return r
}

// blankRecorder is a recorder that follows nothing yet.
func blankRecorder(t *testing.T) *Recorder {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &Recorder{
		log: slog.New(slog.DiscardHandler), home: "spec", ctx: ctx, cancel: cancel,
		state: NewState("spec"), changed: make(chan struct{}),
	}
	t.Cleanup(r.Stop)
	return r
}

// hour bounds a wait in a bubble of synctest, where an hour is no time: one that
// never comes to its end fails instead of going on.
func hour(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	t.Cleanup(cancel)
	return ctx
}

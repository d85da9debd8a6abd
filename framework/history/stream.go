package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// The pause between attempts to restore a watch, doubled up to the greater one.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// stream is one kind in one namespace (or the nodes), as the API serves it.
type stream struct {
	kind      Kind
	namespace string
	list      func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch     func(context.Context, metav1.ListOptions) (watch.Interface, error)
}

func (s stream) String() string {
	if s.namespace == "" {
		return string(s.kind) + "s"
	}
	return fmt.Sprintf("%ss in namespace %s", s.kind, s.namespace)
}

// newStream joins a typed client's List and Watch into a stream.
func newStream[L runtime.Object](kind Kind, namespace string, c interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}) stream {
	return stream{
		kind: kind, namespace: namespace, watch: c.Watch,
		list: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return c.List(ctx, o) },
	}
}

func nodeStream(c kubernetes.Interface) stream { return newStream(KindNode, "", c.CoreV1().Nodes()) }

func namespaceStreams(c kubernetes.Interface, ns string) []stream {
	return []stream{
		newStream(KindDaemonSet, ns, c.AppsV1().DaemonSets(ns)),
		newStream(KindControllerRevision, ns, c.AppsV1().ControllerRevisions(ns)),
		newStream(KindPod, ns, c.CoreV1().Pods(ns)),
		newStream(KindEvent, ns, c.CoreV1().Events(ns)),
	}
}

// errGap says that the API server no longer has the changes since the last one seen.
var errGap = errors.New("the API server no longer has the changes since the last one seen")

// list records what is there and differs from what was known, and gives the
// resourceVersion to watch from.
func (r *Recorder) list(ctx context.Context, s stream) (string, error) {
	got, err := s.list(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("list %s: %w", s, err)
	}
	l, err := meta.ListAccessor(got)
	if err != nil {
		return "", fmt.Errorf("list %s: %w", s, err)
	}
	items, err := meta.ExtractList(got)
	if err != nil {
		return "", fmt.Errorf("list %s: %w", s, err)
	}
	known := r.known(s)
	for _, o := range items {
		m, err := meta.Accessor(o)
		if err != nil {
			return "", fmt.Errorf("list %s: %w", s, err)
		}
		key := types.NamespacedName{Namespace: m.GetNamespace(), Name: m.GetName()}
		was, ok := known[key]
		delete(known, key)
		if !ok || was.meta.GetResourceVersion() != m.GetResourceVersion() {
			r.record(s, Listed, o, "")
		}
	}
	gone := make([]found, 0, len(known))
	for _, f := range known {
		gone = append(gone, f)
	}
	slices.SortFunc(gone, func(a, b found) int { return strings.Compare(a.meta.GetName(), b.meta.GetName()) })
	for _, f := range gone {
		r.record(s, Deleted, f.object, l.GetResourceVersion())
	}
	return l.GetResourceVersion(), nil
}

type found struct {
	object runtime.Object
	meta   metav1.Object
}

// known gives the objects of the stream that stand in the picture.
func (r *Recorder) known(s stream) map[types.NamespacedName]found {
	r.mu.Lock()
	defer r.mu.Unlock()
	view := r.state.In(s.namespace)
	out := map[types.NamespacedName]found{}
	switch s.kind {
	case KindDaemonSet:
		collect(out, view.DaemonSets())
	case KindPod:
		collect(out, view.Pods())
	case KindNode:
		collect(out, view.Nodes())
	case KindControllerRevision:
		collect(out, view.Revisions())
	case KindEvent:
		collect(out, view.Events())
	case KindAction:
	}
	return out
}

func collect[T interface {
	runtime.Object
	metav1.Object
}](into map[types.NamespacedName]found, objects []T) {
	for _, o := range objects {
		into[types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}] = found{o, o}
	}
}

// record adds an object's entry. rv overrides the object's own resourceVersion.
func (r *Recorder) record(s stream, change Change, o runtime.Object, rv string) {
	m, err := meta.Accessor(o)
	if err == nil && rv == "" {
		m, err = trim(s.kind, o)
		if err == nil {
			rv = m.GetResourceVersion()
		}
	}
	if err != nil {
		// Cannot come from a typed client; were it to, the log would lack a change.
		r.add(Entry{Kind: s.kind, Change: Gap, Namespace: s.namespace, Text: err.Error()})
		return
	}
	r.add(Entry{
		Kind: s.kind, Change: change, Namespace: m.GetNamespace(), Name: m.GetName(), UID: m.GetUID(),
		ResourceVersion: rv, Object: o,
	})
}

// watch follows the stream from rv until ctx ends. It restores the watch from
// where it broke off; only when the API server has forgotten that point is a
// gap noted and the stream listed again. The stream is blind when it begins.
func (r *Recorder) watch(ctx context.Context, s stream, rv string) {
	pause := firstPause
	troubled := false
	for ctx.Err() == nil {
		began, from := time.Now(), rv
		w, err := s.watch(ctx, metav1.ListOptions{ResourceVersion: rv, AllowWatchBookmarks: true})
		if err == nil {
			if troubled {
				troubled = false
				r.add(Entry{Kind: s.kind, Change: Note, Namespace: s.namespace, Text: fmt.Sprintf("the watch of %s is up again", s)})
			}
			r.see(true)
			rv, err = r.drain(ctx, s, w, rv)
			r.see(false)
		}
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errGap) || apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			r.add(Entry{Kind: s.kind, Change: Gap, Namespace: s.namespace, Text: fmt.Sprintf("changes of %s were lost: %v", s, err)})
			rv, err = r.relist(ctx, s, rv)
		}
		if err != nil && !troubled {
			troubled = true
			r.log.Warn("watch interrupted", "of", s.String(), "error", err)
			r.add(Entry{Kind: s.kind, Change: Note, Namespace: s.namespace, Text: fmt.Sprintf("the watch of %s is interrupted: %v", s, err)})
		}
		// A watch that did its work may be restored at once; one that fails or ends at once must not spin.
		if err == nil && (rv != from || time.Since(began) > lastPause) {
			pause = firstPause
			continue
		}
		wait(ctx, pause)
		pause = min(2*pause, lastPause)
	}
}

// relistLimit bounds one list after a gap.
const relistLimit = 30 * time.Second

// relist lists the stream again after a gap; on failure the old place is kept,
// so that the next attempt meets the gap again.
func (r *Recorder) relist(ctx context.Context, s stream, rv string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, relistLimit)
	defer cancel()
	fresh, err := r.list(ctx, s)
	if err != nil {
		return rv, err
	}
	return fresh, nil
}

// drain records what the watch delivers until it ends, and gives the last
// resourceVersion seen. A watch that simply ends, as all do after a while, is no error.
func (r *Recorder) drain(ctx context.Context, s stream, w watch.Interface, rv string) (string, error) {
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return rv, ctx.Err()
		case ev, ok := <-w.ResultChan():
			if !ok {
				return rv, nil
			}
			switch ev.Type {
			case watch.Added:
				r.record(s, Added, ev.Object, "")
			case watch.Modified:
				r.record(s, Modified, ev.Object, "")
			case watch.Deleted:
				r.record(s, Deleted, ev.Object, "")
			case watch.Bookmark:
			case watch.Error:
				err := apierrors.FromObject(ev.Object)
				if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
					return rv, fmt.Errorf("%w: %w", errGap, err)
				}
				return rv, err
			}
			if m, err := meta.Accessor(ev.Object); err == nil && m.GetResourceVersion() != "" {
				rv = m.GetResourceVersion()
			}
		}
	}
}

// wait passes the time, or ends with ctx.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

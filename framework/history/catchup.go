package history

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// CatchUp returns once the log has reached what the API server holds at the time
// of the call. Each kind of object is followed by a watch of its own, and one
// may trail another: what the log tells of two kinds need not be of one instant
// until then.
func (r *Recorder) CatchUp(ctx context.Context) error {
	r.mu.Lock()
	streams := []stream{nodeStream(r.client)}
	for _, ns := range r.namespaces {
		streams = append(streams, namespaceStreams(r.client, ns)...)
	}
	r.mu.Unlock()
	for _, s := range streams {
		if err := r.catchUpWith(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// catchUpWith waits until the log has the objects of one stream as they are in a
// list, or newer ones, and no longer has those that are missing there.
func (r *Recorder) catchUpWith(ctx context.Context, s stream) error {
	gone := r.known(s)
	got, err := s.list(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list %s: %w", s, err)
	}
	items, err := meta.ExtractList(got)
	if err != nil {
		return fmt.Errorf("list %s: %w", s, err)
	}
	listed := make([]metav1.Object, 0, len(items))
	for _, o := range items {
		m, err := meta.Accessor(o)
		if err != nil {
			return fmt.Errorf("list %s: %w", s, err)
		}
		listed = append(listed, m)
		key := types.NamespacedName{Namespace: m.GetNamespace(), Name: m.GetName()}
		if was, ok := gone[key]; ok && was.meta.GetUID() == m.GetUID() {
			delete(gone, key)
		}
	}
	return r.Await(ctx, func(*State) error {
		now := r.known(s)
		for key, was := range gone {
			if is, ok := now[key]; ok && is.meta.GetUID() == was.meta.GetUID() {
				return fmt.Errorf("%s %s is gone, and the event log still has it", s.kind, key)
			}
		}
		for _, m := range listed {
			if err := r.has(s, now, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// has tells whether the log has the object at least as new as m, or its deletion.
func (r *Recorder) has(s stream, now map[types.NamespacedName]found, m metav1.Object) error {
	is, ok := now[types.NamespacedName{Namespace: m.GetNamespace(), Name: m.GetName()}]
	if !ok || is.meta.GetUID() != m.GetUID() {
		if slices.ContainsFunc(r.Entries(), func(e Entry) bool { return e.Change == Deleted && e.UID == m.GetUID() }) {
			return nil
		}
		return fmt.Errorf("%s %s is not in the event log yet", s.kind, m.GetName())
	}
	want, err := strconv.ParseUint(m.GetResourceVersion(), 10, 64)
	if err != nil {
		return fmt.Errorf("resourceVersion %q of %s %s is no number: %w", m.GetResourceVersion(), s.kind, m.GetName(), err)
	}
	have, err := strconv.ParseUint(is.meta.GetResourceVersion(), 10, 64)
	if err != nil {
		return fmt.Errorf("resourceVersion %q of %s %s is no number: %w", is.meta.GetResourceVersion(), s.kind, m.GetName(), err)
	}
	if have < want {
		return fmt.Errorf("%s %s is at resourceVersion %d, in the event log at %d", s.kind, m.GetName(), want, have)
	}
	return nil
}

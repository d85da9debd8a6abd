package framework

import (
	"context"
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
)

// seen waits until the event log has reached what the spec itself has just
// written. Without it the next wait could be content with the state before.
func (e *Env) seen(ctx context.Context, written metav1.Object) {
	if e.History == nil {
		return
	}
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.Request)
	defer cancel()
	err := e.History.Await(limit, func(s *history.State) error { return reached(s, written) })
	e.Must(err, "see the write to %s in the event log", written.GetName())
}

// reached tells whether the state holds the written object, or a newer one. An
// object that is gone was reached too: only its owner deletes it.
func reached(s *history.State, written metav1.Object) error {
	var have metav1.Object
	switch w := written.(type) {
	case *appsv1.DaemonSet:
		if ds := s.In(w.Namespace).DaemonSet(w.Name); ds != nil {
			have = ds
		}
	case *corev1.Node:
		if n := s.Node(w.Name); n != nil {
			have = n
		}
	case *corev1.Pod:
		if p := s.In(w.Namespace).Pod(w.Name); p != nil {
			have = p
		}
	default:
		return nil
	}
	if have == nil {
		return fmt.Errorf("%s is not in the event log", written.GetName())
	}
	want, err := strconv.ParseUint(written.GetResourceVersion(), 10, 64)
	if err != nil {
		return fmt.Errorf("resourceVersion %q is no number: %w", written.GetResourceVersion(), err)
	}
	got, err := strconv.ParseUint(have.GetResourceVersion(), 10, 64)
	if err != nil {
		return fmt.Errorf("resourceVersion %q is no number: %w", have.GetResourceVersion(), err)
	}
	if got < want {
		return fmt.Errorf("%s is at resourceVersion %d, the write made it %d", written.GetName(), got, want)
	}
	return nil
}

package wire

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Hooks is all that a client's traffic is put through. The zero value is of no
// use; New makes one that changes nothing.
type Hooks struct {
	// The views of the kinds that a DaemonSet controller reads.
	DaemonSets *View[appsv1.DaemonSet]
	Pods       *View[corev1.Pod]
	Nodes      *View[corev1.Node]
	Revisions  *View[appsv1.ControllerRevision]

	writes []Hook
}

// New makes hooks that change nothing.
func New() *Hooks {
	return &Hooks{
		DaemonSets: newView[appsv1.DaemonSet]("daemonsets"),
		Pods:       newView[corev1.Pod]("pods"),
		Nodes:      newView[corev1.Node]("nodes"),
		Revisions:  newView[appsv1.ControllerRevision]("controllerrevisions"),
	}
}

// OnWrite puts a hook behind those that are there. It is told of requests of
// the verb about what, as "daemonsets/status"; "*" stands for every verb.
func (h *Hooks) OnWrite(verb, what string, hook Hook) {
	h.writes = append(h.writes, func(ctx context.Context, r *Request, next Next) (*Answer, error) {
		if (verb != "*" && r.Verb != verb) || r.What() != what {
			return next(ctx, r)
		}
		return hook(ctx, r.clone(), next)
	})
}

// seer is a View of whatever kind.
type seer interface {
	object(body []byte) (out []byte, seen bool, err error)
	list(body []byte, first bool) ([]byte, error)
	watch(ctx context.Context, body readCloser, initial bool) readCloser
}

// view is the view of a resource; nil where none is kept.
func (h *Hooks) view(resource string) seer {
	for _, v := range []interface {
		seer
		name() string
	}{h.DaemonSets, h.Pods, h.Nodes, h.Revisions} {
		if v.name() == resource {
			return v
		}
	}
	return nil
}

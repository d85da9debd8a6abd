package history

import (
	"cmp"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DaemonSet gives the DaemonSet of the name, nil if there is none.
func (s *State) DaemonSet(name string) *appsv1.DaemonSet { return s.daemonSets.get(s.home, name) }

// DaemonSets lists the DaemonSets by name.
func (s *State) DaemonSets() []*appsv1.DaemonSet { return s.daemonSets.list(s.home) }

// Pod gives the pod of the name, nil if there is none.
func (s *State) Pod(name string) *corev1.Pod { return s.pods.get(s.home, name) }

// Pods lists the pods by name.
func (s *State) Pods() []*corev1.Pod { return s.pods.list(s.home) }

// PodsOf lists the pods whose controller is this very DaemonSet (by UID), by
// name, terminating and finished ones included.
func (s *State) PodsOf(ds *appsv1.DaemonSet) []*corev1.Pod {
	return slices.Clone(s.podsOf[ds.UID].items)
}

// Node gives the node of the name, nil if there is none.
func (s *State) Node(name string) *corev1.Node { return s.nodes.get(name) }

// Nodes lists all nodes by name.
func (s *State) Nodes() []*corev1.Node { return slices.Clone(s.nodes.items) }

// Revisions lists the ControllerRevisions by name.
func (s *State) Revisions() []*appsv1.ControllerRevision { return s.revisions.list(s.home) }

// RevisionsOf lists the ControllerRevisions whose controller is this very
// DaemonSet (by UID), by revision number and then name.
func (s *State) RevisionsOf(ds *appsv1.DaemonSet) []*appsv1.ControllerRevision {
	var out []*appsv1.ControllerRevision
	for _, cr := range s.revisions.list(ds.Namespace) {
		if ref := metav1.GetControllerOfNoCopy(cr); ref != nil && ref.UID == ds.UID {
			out = append(out, cr)
		}
	}
	slices.SortStableFunc(out, func(a, b *appsv1.ControllerRevision) int { return cmp.Compare(a.Revision, b.Revision) })
	return out
}

// Events lists the events, the oldest occurrence first.
func (s *State) Events() []*corev1.Event {
	out := s.events.list(s.home)
	slices.SortStableFunc(out, func(a, b *corev1.Event) int { return EventTime(a).Compare(EventTime(b)) })
	return out
}

// EventsFor lists the events about the object, the oldest occurrence first.
func (s *State) EventsFor(kind, name string) []*corev1.Event {
	return slices.DeleteFunc(s.Events(), func(e *corev1.Event) bool {
		return e.InvolvedObject.Kind != kind || e.InvolvedObject.Name != name
	})
}

// EventTime is when the event last occurred, whichever of its fields tells.
func EventTime(e *corev1.Event) time.Time {
	t := e.CreationTimestamp.Time
	for _, other := range []time.Time{e.EventTime.Time, e.FirstTimestamp.Time, e.LastTimestamp.Time} {
		if other.After(t) {
			t = other
		}
	}
	if e.Series != nil && e.Series.LastObservedTime.After(t) {
		t = e.Series.LastObservedTime.Time
	}
	return t
}

// bulkReach is how far an action on objects that it does not name (a delete by
// selector, a drain) reaches in time: long enough for its effects to arrive,
// short enough not to hide what a controller does later.
const bulkReach = 10 * time.Second

// ActionsOn lists what the spec itself did to the object: actions that name it
// by UID, by name or, ending in a dash, by generateName; actions on unnamed
// objects of its kind and namespace within ten seconds of now; and what was
// done to its whole namespace (On is "Namespace") up to now.
func (s *State) ActionsOn(kind Kind, o metav1.Object) []Entry {
	var out []Entry
	for _, a := range s.acts {
		if s.reaches(a, kind, o) {
			out = append(out, a)
		}
	}
	return out
}

func (s *State) reaches(a Entry, kind Kind, o metav1.Object) bool {
	switch {
	case a.On == "Namespace":
		return a.Name == o.GetNamespace() && !s.now.Before(a.Time)
	case a.On != kind || a.Namespace != o.GetNamespace():
		return false
	case a.UID != "":
		return a.UID == o.GetUID()
	case strings.HasSuffix(a.Name, "-"):
		// No object's own name ends in a dash.
		return strings.HasPrefix(o.GetName(), a.Name)
	case a.Name != "":
		return a.Name == o.GetName()
	}
	return s.now.Sub(a.Time).Abs() <= bulkReach
}

// Preload makes actions known ahead of their place in the log. A spec may note
// a deed after the request is through, when its effect has already arrived.
func (s *State) Preload(entries []Entry) {
	for _, e := range entries {
		if e.Kind == KindAction {
			s.acts = append(s.acts, e)
		}
	}
}

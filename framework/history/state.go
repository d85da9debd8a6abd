package history

import (
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// State is the picture after some entries of a log. Names are those of the
// state's own namespace; In gives the same picture seen from another one.
//
// All objects are shared with the log and with other states: read only. A state
// handed to a condition or a check is valid during the call; it moves on
// afterwards. Use Clone to keep one.
type State struct {
	home string
	*tables
}

// tables is what a State and its views share.
type tables struct {
	daemonSets byNamespace[*appsv1.DaemonSet]
	pods       byNamespace[*corev1.Pod]
	nodes      table[*corev1.Node]
	revisions  byNamespace[*appsv1.ControllerRevision]
	events     byNamespace[*corev1.Event]
	podsOf     map[types.UID]table[*corev1.Pod]
	acts       []Entry
	last, now  time.Time
}

// NewState gives the empty picture, seen from the namespace; "" sees all
// namespaces at once in lists.
func NewState(namespace string) *State {
	return &State{home: namespace, tables: &tables{
		daemonSets: byNamespace[*appsv1.DaemonSet]{},
		pods:       byNamespace[*corev1.Pod]{},
		revisions:  byNamespace[*appsv1.ControllerRevision]{},
		events:     byNamespace[*corev1.Event]{},
		podsOf:     map[types.UID]table[*corev1.Pod]{},
	}}
}

// Replay gives the picture after all the entries, taken in the order given.
func Replay(namespace string, entries []Entry) *State {
	s := NewState(namespace)
	for _, e := range entries {
		s.Apply(e)
	}
	return s
}

// Clone gives a picture that no longer moves with this one.
func (s *State) Clone() *State {
	return &State{home: s.home, tables: &tables{
		daemonSets: maps.Clone(s.daemonSets), pods: maps.Clone(s.pods), nodes: s.nodes,
		revisions: maps.Clone(s.revisions), events: maps.Clone(s.events), podsOf: maps.Clone(s.podsOf),
		acts: slices.Clip(s.acts), last: s.last, now: s.now,
	}}
}

// In gives the same picture seen from another namespace; "" lists the objects of all.
func (s *State) In(namespace string) *State { return &State{home: namespace, tables: s.tables} }

// Namespace is the one that the picture is seen from.
func (s *State) Namespace() string { return s.home }

// LastChange is when the last change of an object arrived; zero if none did.
func (s *State) LastChange() time.Time { return s.last }

// Now is the moment that the picture is looked at. Live it is the time of the
// evaluation; in a replay it is the arrival of the last entry.
func (s *State) Now() time.Time { return s.now }

// SetNow moves the moment that the picture is looked at, for what depends on
// time passing. It never moves back.
func (s *State) SetNow(t time.Time) {
	if t.After(s.now) {
		s.now = t
	}
}

// Apply moves the picture on by one entry.
func (s *State) Apply(e Entry) {
	s.SetNow(e.Time)
	if e.Kind == KindAction {
		s.acts = append(s.acts, e)
		return
	}
	if e.Object == nil {
		return
	}
	s.last = e.Time
	gone := e.Change == Deleted
	switch o := e.Object.(type) {
	case *appsv1.DaemonSet:
		s.daemonSets.put(e.Namespace, e.Name, o, gone)
	case *corev1.Pod:
		s.disown(s.pods.get(e.Namespace, e.Name), e)
		s.pods.put(e.Namespace, e.Name, o, gone)
		if ref := metav1.GetControllerOfNoCopy(o); ref != nil && !gone {
			s.podsOf[ref.UID] = s.podsOf[ref.UID].with(e.Namespace+"/"+e.Name, o)
		}
	case *corev1.Node:
		if gone {
			s.nodes = s.nodes.without(e.Name)
			return
		}
		s.nodes = s.nodes.with(e.Name, o)
	case *appsv1.ControllerRevision:
		s.revisions.put(e.Namespace, e.Name, o, gone)
	case *corev1.Event:
		s.events.put(e.Namespace, e.Name, o, gone)
	}
}

// disown takes the pod's last version out of the index by controller, unless
// the entry's version replaces it there anyway.
func (s *State) disown(old *corev1.Pod, e Entry) {
	if old == nil {
		return
	}
	ref := metav1.GetControllerOfNoCopy(old)
	if ref == nil {
		return
	}
	if now, ok := e.Object.(*corev1.Pod); ok && e.Change != Deleted {
		if still := metav1.GetControllerOfNoCopy(now); still != nil && still.UID == ref.UID {
			return
		}
	}
	s.podsOf[ref.UID] = s.podsOf[ref.UID].without(e.Namespace + "/" + e.Name)
}

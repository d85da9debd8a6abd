package history

import (
	"maps"
	"slices"
	"strings"
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
	daemonSets map[types.NamespacedName]*appsv1.DaemonSet
	pods       map[types.NamespacedName]*corev1.Pod
	nodes      map[string]*corev1.Node
	revisions  map[types.NamespacedName]*appsv1.ControllerRevision
	events     map[types.NamespacedName]*corev1.Event
	podsOf     map[types.UID]map[types.NamespacedName]*corev1.Pod
	acts       []Entry
	last, now  time.Time
}

// NewState gives the empty picture, seen from the namespace; "" sees all
// namespaces at once in lists.
func NewState(namespace string) *State {
	return &State{home: namespace, tables: &tables{
		daemonSets: map[types.NamespacedName]*appsv1.DaemonSet{},
		pods:       map[types.NamespacedName]*corev1.Pod{},
		nodes:      map[string]*corev1.Node{},
		revisions:  map[types.NamespacedName]*appsv1.ControllerRevision{},
		events:     map[types.NamespacedName]*corev1.Event{},
		podsOf:     map[types.UID]map[types.NamespacedName]*corev1.Pod{},
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
	t := &tables{
		daemonSets: maps.Clone(s.daemonSets), pods: maps.Clone(s.pods), nodes: maps.Clone(s.nodes),
		revisions: maps.Clone(s.revisions), events: maps.Clone(s.events),
		podsOf: make(map[types.UID]map[types.NamespacedName]*corev1.Pod, len(s.podsOf)),
		acts:   slices.Clip(s.acts), last: s.last, now: s.now,
	}
	for uid, pods := range s.podsOf {
		t.podsOf[uid] = maps.Clone(pods)
	}
	return &State{home: s.home, tables: t}
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
	key := types.NamespacedName{Namespace: e.Namespace, Name: e.Name}
	gone := e.Change == Deleted
	switch o := e.Object.(type) {
	case *appsv1.DaemonSet:
		put(s.daemonSets, key, o, gone)
	case *corev1.Pod:
		s.own(key, s.pods[key], nil)
		put(s.pods, key, o, gone)
		if !gone {
			s.own(key, nil, o)
		}
	case *corev1.Node:
		put(s.nodes, e.Name, o, gone)
	case *appsv1.ControllerRevision:
		put(s.revisions, key, o, gone)
	case *corev1.Event:
		put(s.events, key, o, gone)
	}
}

// own keeps the index of pods by their controller.
func (s *State) own(key types.NamespacedName, old, cur *corev1.Pod) {
	if old != nil {
		if ref := metav1.GetControllerOfNoCopy(old); ref != nil {
			delete(s.podsOf[ref.UID], key)
		}
	}
	if cur != nil {
		if ref := metav1.GetControllerOfNoCopy(cur); ref != nil {
			if s.podsOf[ref.UID] == nil {
				s.podsOf[ref.UID] = map[types.NamespacedName]*corev1.Pod{}
			}
			s.podsOf[ref.UID][key] = cur
		}
	}
}

func put[K comparable, T any](m map[K]T, key K, o T, gone bool) {
	if gone {
		delete(m, key)
		return
	}
	m[key] = o
}

// sorted lists the objects of the namespace, or of all if it is "", by namespace and name.
func sorted[T any](m map[types.NamespacedName]T, namespace string) []T {
	keys := make([]types.NamespacedName, 0, len(m))
	for k := range m {
		if namespace == "" || k.Namespace == namespace {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b types.NamespacedName) int {
		if c := strings.Compare(a.Namespace, b.Namespace); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	out := make([]T, len(keys))
	for i, k := range keys {
		out[i] = m[k]
	}
	return out
}

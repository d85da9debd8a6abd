package history

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// Kind is what an entry is about.
type Kind string

// The kinds of entries. Action entries are the spec's own deeds; all others are
// the kinds of the recorded objects.
const (
	KindDaemonSet          Kind = "DaemonSet"
	KindPod                Kind = "Pod"
	KindNode               Kind = "Node"
	KindControllerRevision Kind = "ControllerRevision"
	KindEvent              Kind = "Event"
	KindAction             Kind = "Action"
)

// Change is what happened to the object.
type Change string

// The changes of entries.
const (
	// Listed is an object found by a list: at the start, or after a gap.
	Listed Change = "Listed"
	// Added, Modified and Deleted come from the watch as they are. After a gap,
	// Deleted is also what a list no longer shows; its object is the last known
	// one, and its resourceVersion that of the list.
	Added    Change = "Added"
	Modified Change = "Modified"
	Deleted  Change = "Deleted"
	// Gap says that changes of the kind were lost; no "never" can be judged across it.
	Gap Change = "Gap"
	// Note is a remark that changes no object: an action, or a watch that was interrupted.
	Note Change = "Note"
)

// Entry is one line of the log.
type Entry struct {
	// Seq numbers the entries of a log from 1 in the order of arrival.
	Seq int64
	// Time is when the entry arrived here, in UTC.
	Time time.Time
	// Kind is what the entry is about.
	Kind Kind
	// Change is what happened.
	Change Change
	// On is, for an Action, the kind of the object that was acted on.
	On Kind
	// Namespace, Name and UID are the object's; for an Action those of the
	// object it acted on, empty where the spec could not know them.
	Namespace, Name string
	UID             types.UID
	// ResourceVersion is the object's after the change.
	ResourceVersion string
	// Object is the typed object after the change (for Deleted, the last state):
	// *appsv1.DaemonSet, *corev1.Pod, *corev1.Node, *appsv1.ControllerRevision or
	// *corev1.Event; nil for Action, Gap and Note. It is shared: never write to it.
	Object runtime.Object
	// Text says in words what an Action did, or what a Gap or Note is about.
	Text string
}

// String says the entry in one line, as evidence in a report.
func (e Entry) String() string {
	at := e.Time.UTC().Format("15:04:05.000")
	switch {
	case e.Kind == KindAction:
		return fmt.Sprintf("#%d %s the spec %s", e.Seq, at, e.subject())
	case e.Object == nil:
		return fmt.Sprintf("#%d %s %s of %s: %s", e.Seq, at, e.Change, e.Kind, e.Text)
	}
	return fmt.Sprintf("#%d %s %s %s %s (resourceVersion %s)", e.Seq, at, e.Kind, e.Name, e.Change, e.ResourceVersion)
}

func (e Entry) subject() string {
	if e.Name == "" {
		return e.Text
	}
	return e.Text + " " + e.Name
}

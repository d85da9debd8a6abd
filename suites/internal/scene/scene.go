package scene

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/dsconform/dsconform/framework/history"
)

// Space is the namespace of all scenes.
const Space = "space"

// Start is the moment at which a scene begins.
func Start() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }

// Scene is a log written by hand.
type Scene struct {
	// Entries is the log so far.
	Entries []history.Entry
	at      time.Time
}

// New begins a scene.
func New() *Scene { return &Scene{at: Start()} }

// Object is what a log tells of.
type Object interface {
	runtime.Object
	metav1.Object
}

// Put adds a change of the objects, each an entry with the next resourceVersion.
func (sc *Scene) Put(change history.Change, objects ...Object) *Scene {
	for _, o := range objects {
		seq := int64(len(sc.Entries) + 1)
		o.SetResourceVersion(fmt.Sprint(seq))
		sc.Entries = append(sc.Entries, history.Entry{
			Seq: seq, Time: sc.at, Kind: kindOf(o), Change: change, Namespace: o.GetNamespace(), Name: o.GetName(),
			UID: o.GetUID(), ResourceVersion: o.GetResourceVersion(), Object: o,
		})
	}
	return sc
}

// Added adds the making of the objects.
func (sc *Scene) Added(objects ...Object) *Scene { return sc.Put(history.Added, objects...) }

// Modified adds a change of the objects.
func (sc *Scene) Modified(objects ...Object) *Scene { return sc.Put(history.Modified, objects...) }

// Deleted adds the end of the objects.
func (sc *Scene) Deleted(objects ...Object) *Scene { return sc.Put(history.Deleted, objects...) }

// After lets time pass before the next entry.
func (sc *Scene) After(d time.Duration) *Scene {
	sc.at = sc.at.Add(d)
	return sc
}

// State is the picture after all entries.
func (sc *Scene) State() *history.State { return history.Replay(Space, sc.Entries) }

func kindOf(o Object) history.Kind {
	switch o.(type) {
	case *appsv1.DaemonSet:
		return history.KindDaemonSet
	case *appsv1.ControllerRevision:
		return history.KindControllerRevision
	case *corev1.Pod:
		return history.KindPod
	}
	return history.KindNode
}

package diagnose

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// beingDeleted: a DaemonSet in deletion is left alone by its controller.
func beingDeleted(v *view) *Diagnosis {
	if v.ds.DeletionTimestamp == nil {
		return nil
	}
	if d := takenEarly(v); d != nil {
		return d
	}
	d := &Diagnosis{
		Class: NonConformant,
		Cause: fmt.Sprintf("DaemonSet %s has been in deletion for %s and is held by the finalizers %s; its controller leaves it alone meanwhile",
			v.ds.Name, v.ago(v.ds.DeletionTimestamp.Time), strings.Join(v.ds.Finalizers, ", ")),
		Evidence: []string{fmt.Sprintf("%s left", count(len(v.pods), "pod"))},
		Look:     []string{"the garbage collector's log (foregroundDeletion and orphan are its finalizers)", "finalizers of the pods that are left"},
	}
	for _, f := range v.ds.Finalizers {
		if f != metav1.FinalizerDeleteDependents && f != metav1.FinalizerOrphanDependents {
			d.Class = Suite
			d.Look = []string{"who is to remove the finalizer " + f}
		}
	}
	for _, p := range v.pods {
		if len(p.Finalizers) > 0 {
			d.Evidence = append(d.Evidence, fmt.Sprintf("pod %s is held by %s", p.Name, strings.Join(p.Finalizers, ", ")))
		}
	}
	return d
}

// takenEarly: a pod was deleted with its DaemonSet, which is still there though
// nobody has asked for its dependents first. The garbage collector takes no pod
// before its owner is gone, unless the owner's finalizer tells it to.
func takenEarly(v *view) *Diagnosis {
	going := false
	its := map[types.UID]bool{} // An orphaned pod has no owner any more.
	for _, e := range v.in.Entries {
		switch o := e.Object.(type) {
		case *appsv1.DaemonSet:
			if o.UID != v.ds.UID {
				continue
			}
			if slices.Contains(o.Finalizers, metav1.FinalizerDeleteDependents) {
				return nil
			}
			going = going || o.DeletionTimestamp != nil
		case *corev1.Pod:
			its[o.UID] = its[o.UID] || own(o, v.ds)
			goes := oracle.Terminating(o) || e.Change == history.Deleted
			if !going || !goes || !its[o.UID] || oracle.Disrupted(o) || len(v.s.ActionsOn(history.KindPod, o)) > 0 {
				continue
			}
			return &Diagnosis{
				Class:    NonConformant,
				Cause:    fmt.Sprintf("the controller has deleted pod %s itself: DaemonSet %s, which is in deletion, was still there, and the garbage collector was not told to take its pods first", o.Name, v.ds.Name),
				Evidence: []string{e.String()},
				Look:     []string{"what the controller does when a DaemonSet of its has a deletionTimestamp: pods are the garbage collector's, and stay with --cascade=orphan"},
			}
		}
	}
	return nil
}

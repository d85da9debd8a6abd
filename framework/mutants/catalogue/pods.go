package catalogue

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kubernetes/pkg/controller/daemon"
	"k8s.io/kubernetes/pkg/controller/daemon/util"

	"github.com/dsconform/dsconform/framework/mutants/rig"
)

// daemonSetObject is a DaemonSet, beside the functions that are called so.
type daemonSetObject = appsv1.DaemonSet

// daemonSet is the kind.
func daemonSet() schema.GroupVersionKind { return appsv1.SchemeGroupVersion.WithKind("DaemonSet") }

func labelsOf(o metav1.Object) labels.Set { return o.GetLabels() }

// owned tells whether a pod is controlled by a DaemonSet.
func owned(p *corev1.Pod) bool {
	ref := metav1.GetControllerOf(p)
	return ref != nil && ref.Kind == "DaemonSet"
}

// owner is the stored DaemonSet that controls a pod; nil if there is none.
func owner(s *rig.Setup, p *corev1.Pod) *appsv1.DaemonSet {
	ref := metav1.GetControllerOf(p)
	if ref == nil || ref.Kind != "DaemonSet" {
		return nil
	}
	for _, ds := range s.Wire.DaemonSets.All() {
		if ds.UID == ref.UID {
			return ds
		}
	}
	return nil
}

// target is the node that a pod is on, or is for; empty if it is for none.
func target(p *corev1.Pod) string {
	node, err := util.GetTargetNodeName(p)
	if err != nil {
		return ""
	}
	return node
}

// live tells whether a pod has neither ended nor been told to.
func live(p *corev1.Pod) bool {
	return p.DeletionTimestamp == nil && p.Status.Phase != corev1.PodFailed && p.Status.Phase != corev1.PodSucceeded
}

// podsOf are the stored pods that a DaemonSet controls.
func podsOf(s *rig.Setup, ds metav1.Object) []*corev1.Pod {
	var out []*corev1.Pod
	for _, p := range s.Wire.Pods.All() {
		if metav1.IsControlledBy(p, ds) {
			out = append(out, p)
		}
	}
	return out
}

// companions are the other live pods of the same DaemonSet that are on the same
// node, or for it.
func companions(s *rig.Setup, p *corev1.Pod) []*corev1.Pod {
	ds := owner(s, p)
	node := target(p)
	if ds == nil || node == "" {
		return nil
	}
	var out []*corev1.Pod
	for _, other := range podsOf(s, ds) {
		if other.UID != p.UID && live(other) && target(other) == node {
			out = append(out, other)
		}
	}
	return out
}

// surges tells whether a DaemonSet's rollouts may have two pods on a node.
func surges(ds *appsv1.DaemonSet) bool {
	r := ds.Spec.UpdateStrategy.RollingUpdate
	return ds.Spec.UpdateStrategy.Type == appsv1.RollingUpdateDaemonSetStrategyType && r != nil && r.MaxSurge != nil &&
		(r.MaxSurge.IntVal > 0 || (r.MaxSurge.StrVal != "" && r.MaxSurge.StrVal != "0%"))
}

// ready tells whether a pod has the condition Ready=True.
func ready(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// readyFor tells whether a pod has been ready for so many seconds.
func readyFor(p *corev1.Pod, seconds int32) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return seconds == 0 || time.Since(c.LastTransitionTime.Time) >= time.Duration(seconds)*time.Second
		}
	}
	return false
}

// invertAge makes a pod the older the later it was created.
func invertAge(p *corev1.Pod) {
	p.CreationTimestamp = metav1.NewTime(time.Unix(1<<32-p.CreationTimestamp.Unix(), 0))
}

// updated tells whether a pod is of the revision of its set's template as stored.
// A revision that was written a moment ago is not told of yet: then no pod is.
func updated(s *rig.Setup, ds *appsv1.DaemonSet, p *corev1.Pod) bool {
	for _, cr := range s.Wire.Revisions.All() {
		if !metav1.IsControlledBy(cr, ds) || cr.Labels[appsv1.ControllerRevisionHashLabelKey] != p.Labels[appsv1.ControllerRevisionHashLabelKey] {
			continue
		}
		if same, err := daemon.Match(ds, cr); err == nil && same {
			return true
		}
	}
	return false
}

package scene

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// Name is the DaemonSet's.
const Name = "agent"

// Set is the DaemonSet at the generation, its template named by the word.
func Set(generation int64, template string) *appsv1.DaemonSet {
	ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: Name, Namespace: Space, UID: "set", Generation: generation}}
	ds.Spec.Template.Annotations = map[string]string{"template": template}
	return ds
}

// Revision is the ControllerRevision of the template; its hash is the word.
func Revision(number int64, template string) *appsv1.ControllerRevision {
	return &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Name: Name + "-" + template, Namespace: Space, UID: types.UID("revision-" + template), OwnerReferences: owner(),
			Labels: map[string]string{appsv1.ControllerRevisionHashLabelKey: template},
		},
		Revision: number,
		Data: runtime.RawExtension{Raw: fmt.Appendf(nil,
			`{"spec":{"template":{"$patch":"replace","metadata":{"annotations":{"template":%q}},"spec":{"containers":null}}}}`, template)},
	}
}

func owner() []metav1.OwnerReference {
	return []metav1.OwnerReference{*metav1.NewControllerRef(Set(1, ""), appsv1.SchemeGroupVersion.WithKind("DaemonSet"))}
}

// Pod is a pod of the revision on the node, not ready unless a change says so.
func Pod(name, node, hash string, changes ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: Space, UID: types.UID("pod-" + name), OwnerReferences: owner(),
			Labels: map[string]string{appsv1.ControllerRevisionHashLabelKey: hash},
		},
		Spec: corev1.PodSpec{NodeName: node},
	}
	for _, change := range changes {
		change(p)
	}
	return p
}

// Terminating marks the pod for deletion.
func Terminating(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: Start()} }

// Ended gives the pod a phase in which it has ended.
func Ended(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }

// Ready makes the pod ready, so long after the start.
func Ready(d time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(Start().Add(d)),
		}}
	}
}

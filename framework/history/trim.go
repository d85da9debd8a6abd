package history

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// trim makes an object fit for the log: it names its own kind, as watch objects
// do not, and of each managed field only who wrote when stays, as the list of
// the fields is half of an object's size and no rule asks for it.
func trim(kind Kind, o runtime.Object) (metav1.Object, error) {
	m, err := meta.Accessor(o)
	if err != nil {
		return nil, fmt.Errorf("read the metadata of a %T: %w", o, err)
	}
	switch kind {
	case KindDaemonSet, KindControllerRevision:
		o.GetObjectKind().SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind(string(kind)))
	case KindPod, KindNode, KindEvent:
		o.GetObjectKind().SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(string(kind)))
	case KindAction:
		return nil, fmt.Errorf("an Action holds no object, yet a %T came with it", o)
	}
	managed := m.GetManagedFields()
	short := make([]metav1.ManagedFieldsEntry, 0, len(managed))
	for _, f := range managed {
		short = append(short, metav1.ManagedFieldsEntry{
			Manager: f.Manager, Operation: f.Operation, Time: f.Time, Subresource: f.Subresource,
		})
	}
	if len(short) > 0 {
		m.SetManagedFields(short)
	}
	return m, nil
}

// blank gives an empty object of the kind; false for kinds without objects.
func blank(kind Kind) (runtime.Object, bool) {
	switch kind {
	case KindDaemonSet:
		return &appsv1.DaemonSet{}, true
	case KindPod:
		return &corev1.Pod{}, true
	case KindNode:
		return &corev1.Node{}, true
	case KindControllerRevision:
		return &appsv1.ControllerRevision{}, true
	case KindEvent:
		return &corev1.Event{}, true
	case KindAction:
	}
	return nil, false
}

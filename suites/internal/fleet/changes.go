package fleet

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework"
)

// A Change edits a DaemonSet before it is created or updated.
type Change = func(*appsv1.DaemonSet)

// Update applies the changes to the stored DaemonSet in one request.
func Update(ctx context.Context, e *framework.Env, name string, changes ...Change) *appsv1.DaemonSet {
	return e.UpdateDaemonSet(ctx, name, func(ds *appsv1.DaemonSet) {
		for _, change := range changes {
			change(ds)
		}
	})
}

// Touch changes an annotation of the DaemonSet itself: an update event that
// makes a controller look at it again, and asks nothing new of it.
func Touch(ctx context.Context, e *framework.Env, name, value string) {
	Update(ctx, e, name, Annotated("dsconform.dev/touched", value))
}

// Annotated sets an annotation of the DaemonSet itself, not of its template.
func Annotated(key, value string) Change {
	return func(ds *appsv1.DaemonSet) {
		if ds.Annotations == nil {
			ds.Annotations = map[string]string{}
		}
		ds.Annotations[key] = value
	}
}

// Image gives the first container an image of the fixtures, as "agent:v2".
func Image(e *framework.Env, image string) Change {
	ref := e.Image(image)
	return func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers[0].Image = ref }
}

// Template makes the template another one by an annotation alone: the cheapest
// change that demands new pods.
func Template(value string) Change {
	return func(ds *appsv1.DaemonSet) {
		if ds.Spec.Template.Annotations == nil {
			ds.Spec.Template.Annotations = map[string]string{}
		}
		ds.Spec.Template.Annotations["dsconform.dev/template"] = value
	}
}

// MaxUnavailable sets a RollingUpdate that may take so many nodes down.
func MaxUnavailable(value string) Change {
	return Strategy(value, "0")
}

// MaxSurge sets a RollingUpdate that may run so many extra pods and take no node down.
func MaxSurge(value string) Change {
	return Strategy("0", value)
}

// Strategy sets a RollingUpdate with both bounds, each a number or a per cent.
func Strategy(maxUnavailable, maxSurge string) Change {
	unavailable, surge := intstr.Parse(maxUnavailable), intstr.Parse(maxSurge)
	return func(ds *appsv1.DaemonSet) {
		ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{
			Type:          appsv1.RollingUpdateDaemonSetStrategyType,
			RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &unavailable, MaxSurge: &surge},
		}
	}
}

// OnDelete sets the update strategy by which only a user's hand replaces pods.
func OnDelete(ds *appsv1.DaemonSet) {
	ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
}

// MinReadySeconds sets how long a pod must have been ready to be available.
func MinReadySeconds(seconds int32) Change {
	return func(ds *appsv1.DaemonSet) { ds.Spec.MinReadySeconds = seconds }
}

// HistoryLimit sets how many old revisions are kept.
func HistoryLimit(n int32) Change {
	return func(ds *appsv1.DaemonSet) { ds.Spec.RevisionHistoryLimit = &n }
}

// NodeSelector adds a label that nodes must carry.
func NodeSelector(key, value string) Change {
	return func(ds *appsv1.DaemonSet) {
		if ds.Spec.Template.Spec.NodeSelector == nil {
			ds.Spec.Template.Spec.NodeSelector = map[string]string{}
		}
		ds.Spec.Template.Spec.NodeSelector[key] = value
	}
}

// Nowhere makes no node eligible: for what a controller must do without any pod.
func Nowhere(e *framework.Env) Change { return NodeSelector(e.Key("nowhere"), "true") }

// Grace gives pods a grace period of so many seconds; one of 0 has the API server
// remove a deleted pod at once, with no update that shows it terminating.
func Grace(seconds int64) Change {
	return func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.TerminationGracePeriodSeconds = &seconds }
}

// Lingering makes pods take so many seconds to terminate, by a preStop pause of
// the kubelet's own, within a grace period twice as long.
func Lingering(seconds int64) Change {
	return func(ds *appsv1.DaemonSet) {
		grace := 2 * seconds
		ds.Spec.Template.Spec.TerminationGracePeriodSeconds = &grace
		ds.Spec.Template.Spec.Containers[0].Lifecycle = &corev1.Lifecycle{
			PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}},
		}
	}
}

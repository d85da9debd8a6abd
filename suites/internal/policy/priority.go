package policy

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/dsconform/dsconform/framework"
)

// Classes makes the priority classes, which go with the spec, and returns when the
// API server lets pods of them pass: it hears of classes by a watch of its own, and
// refuses a pod of a class that it has not heard of.
func Classes(ctx context.Context, e *framework.Env, classes ...*schedulingv1.PriorityClass) {
	for _, class := range classes {
		e.Apply(ctx, class)
		e.Must(wait.PollUntilContextTimeout(ctx, look, e.Timeouts.Placement, true, func(ctx context.Context) (bool, error) {
			_, refused := tried(ctx, e, nil, func(pod *corev1.Pod) { pod.Spec.PriorityClassName = class.Name })
			if apierrors.IsForbidden(refused) {
				return false, nil
			}
			return refused == nil, refused
		}), "wait until the API server knows PriorityClass %s", class.Name)
	}
}

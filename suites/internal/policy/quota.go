package policy

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/dsconform/dsconform/framework"
)

// NoPods is the name of the quota that NoRoom makes, and how a pod is refused by it
// begins.
const (
	NoPods    = "no-pods"
	Exhausted = "exceeded quota: " + NoPods
)

// NoRoom has a quota of no pods refuse every pod of the spec's namespace, until the
// function given is called. It returns when the API server goes by the quota: it
// hears of quotas by a watch of its own, so that a pod that is made a moment after
// the quota may be let through.
func NoRoom(ctx context.Context, e *framework.Env) (lift func(context.Context)) {
	quotas := e.Client.CoreV1().ResourceQuotas(e.Namespace)
	_, err := quotas.Create(ctx, &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: NoPods, Namespace: e.Namespace},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}},
	}, metav1.CreateOptions{})
	e.Must(err, "create a quota of no pods")
	e.Must(wait.PollUntilContextTimeout(ctx, look, e.Timeouts.Placement, true, func(ctx context.Context) (bool, error) {
		switch _, refused := tried(ctx, e, nil); {
		case refused == nil:
			return false, nil
		case apierrors.IsForbidden(refused):
			// Until its usage is known, a quota refuses pods in other words.
			return strings.Contains(refused.Error(), Exhausted), nil
		default:
			return false, refused
		}
	}), "wait until the quota of no pods is in force")
	return func(ctx context.Context) {
		e.Must(quotas.Delete(ctx, NoPods, metav1.DeleteOptions{}), "delete the quota of no pods")
	}
}

package site

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
)

// Duplicate creates a second pod like the first, bound to the node. Its name
// sorts behind the first one's, so that two of the same second have an order too.
func Duplicate(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet, first *corev1.Pod, node string) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "zz-" + first.Name, Namespace: e.Namespace, Labels: first.Labels, OwnerReferences: first.OwnerReferences},
		Spec:       *ds.Spec.Template.Spec.DeepCopy(),
	}
	pod.Spec.NodeName, pod.Spec.Tolerations = node, first.Spec.Tolerations
	e.Act("creates Pod", history.KindPod, pod)
	got, err := e.Client.CoreV1().Pods(e.Namespace).Create(ctx, pod, metav1.CreateOptions{})
	e.Must(err, "create pod %s", pod.Name)
	// Else who waits for its end could take the state before it was made for that.
	Await(ctx, e, e.Timeouts.Request, "pod "+pod.Name+" is in the event log", func(*history.State) error {
		for _, en := range e.History.Entries() {
			if en.UID == got.UID {
				return nil
			}
		}
		return fmt.Errorf("UID %s is not in the log", got.UID)
	})
	return got
}

package fleet

import (
	"context"
	"encoding/json"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
)

// Gate is the condition that a gated pod waits for.
const Gate corev1.PodConditionType = "dsconform.dev/gate"

// Gated gives the template a readiness gate: a pod becomes ready when the spec
// opens its gate and not before. So a spec stops a rollout at any point it likes
// to look at, without probes, delays or luck.
func Gated(ds *appsv1.DaemonSet) {
	ds.Spec.Template.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: Gate}}
}

// Ungated takes the gate out of the template again.
func Ungated(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.ReadinessGates = nil }

// Open lets the pods become ready.
func Open(ctx context.Context, e *framework.Env, pods ...*corev1.Pod) {
	setGate(ctx, e, corev1.ConditionTrue, pods)
}

// Shut makes the pods not ready.
func Shut(ctx context.Context, e *framework.Env, pods ...*corev1.Pod) {
	setGate(ctx, e, corev1.ConditionFalse, pods)
}

// OpenAll opens the gates of all pods of the DaemonSet that wait for it.
func OpenAll(ctx context.Context, e *framework.Env, name string) {
	s := e.History.State()
	for _, pod := range Live(s, s.DaemonSet(name)) {
		if isGated(pod.Spec) && !isTrue(pod, Gate) {
			Open(ctx, e, pod)
		}
	}
}

func isGated(spec corev1.PodSpec) bool {
	return len(spec.ReadinessGates) > 0
}

func setGate(ctx context.Context, e *framework.Env, status corev1.ConditionStatus, pods []*corev1.Pod) {
	raw, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": []corev1.PodCondition{{
		Type: Gate, Status: status, LastTransitionTime: metav1.Now(),
	}}}})
	e.Must(err, "encode the condition %s", Gate)
	for _, pod := range pods {
		// Not an action on the Pod: whoever deletes it now is still the controller.
		e.Act("sets condition "+string(Gate)+"="+string(status)+" of pod", history.Kind("PodCondition"), pod)
		_, err := e.Client.CoreV1().Pods(pod.Namespace).
			Patch(ctx, pod.Name, types.StrategicMergePatchType, raw, metav1.PatchOptions{}, "status")
		// A pod that a wrong controller has deleted meanwhile is for the next wait to judge.
		if !apierrors.IsNotFound(err) {
			e.Must(err, "set condition %s of pod %s", Gate, pod.Name)
		}
	}
}

func isTrue(pod *corev1.Pod, condition corev1.PodConditionType) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == condition {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

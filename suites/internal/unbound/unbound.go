package unbound

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// onStatus is what the log says a spec wrote to: not the Pod itself, so that
// whoever deletes the pod now is still the controller.
const onStatus = history.Kind("PodStatus")

// Scheduler names a scheduler that nobody runs in the template.
func Scheduler(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.SchedulerName = "nobody.dsconform.dev" }

// Ready makes the pods Running and Ready as of now.
func Ready(ctx context.Context, e *framework.Env, pods ...*corev1.Pod) {
	now := metav1.Now()
	ReadySince(ctx, e, &now, pods...)
}

// ReadySince is Ready with the time that the condition tells; nil leaves it out.
func ReadySince(ctx context.Context, e *framework.Env, since *metav1.Time, pods ...*corev1.Pod) {
	setReady(ctx, e, corev1.ConditionTrue, since, pods)
}

// NotReady makes the pods Running and not Ready.
func NotReady(ctx context.Context, e *framework.Env, pods ...*corev1.Pod) {
	now := metav1.Now()
	setReady(ctx, e, corev1.ConditionFalse, &now, pods)
}

func setReady(ctx context.Context, e *framework.Env, status corev1.ConditionStatus, since *metav1.Time, pods []*corev1.Pod) {
	for _, pod := range pods {
		write(ctx, e, pod, fmt.Sprintf("sets condition Ready=%s, since %s, of pod", status, moment(since)), map[string]any{
			"phase":      corev1.PodRunning,
			"conditions": []map[string]any{{"type": corev1.PodReady, "status": status, "lastTransitionTime": since}},
		})
	}
}

func moment(t *metav1.Time) string {
	if t == nil {
		return "a time it does not tell"
	}
	return t.UTC().Format("15:04:05")
}

// Fail ends the pod in phase Failed with the reason, as a kubelet does that
// rejects or evicts it.
func Fail(ctx context.Context, e *framework.Env, pod *corev1.Pod, reason string) {
	write(ctx, e, pod, "sets phase Failed, reason "+reason+", of pod", map[string]any{
		"phase": corev1.PodFailed, "reason": reason, "message": "written by the spec in a kubelet's place",
	})
}

func write(ctx context.Context, e *framework.Env, pod *corev1.Pod, what string, status map[string]any) {
	raw, err := json.Marshal(map[string]any{"status": status})
	e.Must(err, "encode the status of pod %s", pod.Name)
	e.Act(what, onStatus, pod)
	got, err := e.Client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, raw, metav1.PatchOptions{}, "status")
	if apierrors.IsNotFound(err) {
		return // A pod that a controller has deleted meanwhile is for the next wait to judge.
	}
	e.Must(err, "write the status of pod %s", pod.Name)
	// Else the next wait could be content with the state before.
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.Request)
	defer cancel()
	e.Must(e.History.Await(limit, func(*history.State) error { return told(e.History.Entries(), got) }), "see the status of pod %s in the event log", pod.Name)
}

// told judges that the log has the pod as it was stored.
func told(entries []history.Entry, pod *corev1.Pod) error {
	for _, en := range slices.Backward(entries) {
		if en.UID == pod.UID && (en.ResourceVersion == pod.ResourceVersion || en.Change == history.Deleted) {
			return nil
		}
	}
	return fmt.Errorf("resourceVersion %s is not in the log", pod.ResourceVersion)
}

// Await waits until the DaemonSet has exactly one live pod for the node, and gives it.
func Await(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet, node string) *corev1.Pod {
	var pod *corev1.Pod
	e.BecomesFor(ctx, ds.Name, e.Timeouts.Placement, "node "+node+" has one live pod of DaemonSet "+ds.Name, func(s *history.State) error {
		live := fleet.On(s, s.DaemonSet(ds.Name), node)
		if len(live) != 1 {
			return fmt.Errorf("it has %d", len(live))
		}
		pod = live[0]
		return nil
	})
	return pod
}

// FailAgain makes each pod that comes for the node fail, so many in a row, and
// waits each time until the controller has deleted it. It gives the pods.
func FailAgain(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet, node string, times int) []*corev1.Pod {
	var pods []*corev1.Pod
	for i := range times {
		pod := Await(ctx, e, ds, node)
		pods = append(pods, pod)
		Fail(ctx, e, pod, "OutOfcpu")
		e.BecomesFor(ctx, ds.Name, e.Timeouts.Placement, fmt.Sprintf("Failed pod %s, number %d of node %s, is deleted", pod.Name, i+1, node), gone(pod))
	}
	return pods
}

func gone(pod *corev1.Pod) func(*history.State) error {
	return func(s *history.State) error {
		if now := s.Pod(pod.Name); now != nil && now.UID == pod.UID && !oracle.Terminating(now) {
			return fmt.Errorf("pod %s (phase %s) still stands", now.Name, now.Status.Phase)
		}
		return nil
	}
}

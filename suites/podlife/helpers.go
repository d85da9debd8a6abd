package podlife

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// start creates the plain DaemonSet "agent" on the leased nodes and waits for its rollout.
func start(ctx context.Context, e *framework.Env) {
	e.CreateDaemonSet(ctx, e.DaemonSet("agent"))
	rolledOut(ctx, e)
}

// rolledOut waits until the DaemonSet "agent" is rolled out.
func rolledOut(ctx context.Context, e *framework.Env) {
	e.BecomesFor(ctx, "agent", e.Timeouts.RolloutOf(len(e.Nodes)), "DaemonSet agent is rolled out", func(s *history.State) error {
		ds := s.DaemonSet("agent")
		if ds == nil {
			return fmt.Errorf("DaemonSet agent is not there")
		}
		return oracle.RolledOut(s, ds)
	})
}

// podOn gives the only pod of DaemonSet "agent" on the node.
func podOn(e *framework.Env, node string) *corev1.Pod {
	s := e.History.State()
	var found []*corev1.Pod
	for _, p := range s.PodsOf(s.DaemonSet("agent")) {
		// One that has ended may still be there when its successor is.
		if oracle.TargetNode(p) == node && !oracle.Terminating(p) {
			found = append(found, p)
		}
	}
	e.That(len(found) == 1, "DaemonSet agent has one pod on node "+node, "it has %d", len(found))
	return found[0]
}

// gone tells whether no pod has the UID any more.
func gone(s *history.State, uid types.UID) error {
	for _, p := range s.Pods() {
		if p.UID == uid {
			return fmt.Errorf("pod %s is still there (phase %s, deletionTimestamp %v)", p.Name, p.Status.Phase, p.DeletionTimestamp)
		}
	}
	return nil
}

// replaced waits until the pod is gone and the DaemonSet is whole again.
func replaced(ctx context.Context, e *framework.Env, old *corev1.Pod) {
	e.BecomesFor(ctx, "agent", e.Timeouts.RolloutOf(len(e.Nodes)), fmt.Sprintf("pod %s is gone and its node has another, ready one", old.Name), func(s *history.State) error {
		if err := gone(s, old.UID); err != nil {
			return err
		}
		return oracle.RolledOut(s, s.DaemonSet("agent"))
	})
}

// setPhase writes the pod's phase as the kubelet would.
func setPhase(ctx context.Context, e *framework.Env, pod *corev1.Pod, phase corev1.PodPhase) {
	e.Act("sets the phase "+string(phase)+" of Pod", history.KindPod, pod)
	fresh, err := e.Client.CoreV1().Pods(e.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
	e.Must(err, "read pod %s", pod.Name)
	fresh.Status.Phase = phase
	_, err = e.Client.CoreV1().Pods(e.Namespace).UpdateStatus(ctx, fresh, metav1.UpdateOptions{})
	e.Must(err, "set the phase of pod %s to %s", pod.Name, phase)
}

package placement

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func replacementWaits() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-024", Area: framework.Placement, Title: "a replacement waits for its predecessor", Level: framework.Core,
		Behaviour: "Without surge, the pod that replaces a deleted one MUST NOT be created before the old one is gone or finished (Failed or Succeeded).",
		Clauses:   []string{"kubernetes#51279: wait for the termination of a pod before its replacement", "kubernetes#118716: a finished pod is not waited for"},
		Why: "Two agents at once fight for host ports, locks and files of the node. One pod is stopped by a kubelet that takes its time; another is held by a finalizer, " +
			"first unfinished, then finished. A controller that looks at the deletion alone starts the second agent beside the first; one that waits for the object alone leaves the node empty for as long as a finalizer stands.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			node := e.Nodes[0]
			slow := running(ctx, e, e.DaemonSet("slow", fleet.Lingering(2)), node)
			held := placed(ctx, e, e.DaemonSet("held", unscheduled), node)
			lingering, stuck := site.One(e.History.State(), slow, node), site.One(e.History.State(), held, node)
			e.DeletePod(ctx, lingering, metav1.DeleteOptions{})
			hold(ctx, e, stuck)
			e.DeletePod(ctx, stuck, metav1.DeleteOptions{})
			e.Stays(ctx, "no second pod is made while the first is not finished", nil, func(s *history.State) error { return oneAtATime(s, held.Name) })
			finish(ctx, e, stuck)
			e.BecomesFor(ctx, held.Name, e.Timeouts.Placement, "the finished pod is replaced although its object is still held", site.Pods(held, node))
			e.That(e.History.State().Pod(stuck.Name) != nil, "the finished pod is still held by its finalizer", "it is gone")
			release(ctx, e, stuck)
			e.BecomesFor(ctx, slow.Name, e.Timeouts.RolloutOf(1), "the pod that took its time is replaced", fleet.Every(site.Gone(lingering), site.Running(slow, node)))
			e.Check(fleet.Each(e, func(s *history.State, _ history.Entry) error {
				for _, ds := range s.DaemonSets() {
					if err := oneAtATime(s, ds.Name); err != nil {
						return err
					}
				}
				return nil
			}), "at every instant there is one unfinished pod for the node")
		},
	}
}

// oneAtATime judges that no node has two unfinished pods of the DaemonSet,
// terminating ones included.
func oneAtATime(s *history.State, name string) error {
	first := map[string]*corev1.Pod{}
	for _, pod := range s.PodsOf(s.DaemonSet(name)) {
		if oracle.Terminal(pod) {
			continue
		}
		node := oracle.TargetNode(pod)
		if other := first[node]; other != nil {
			return fmt.Errorf("node %s has two unfinished pods, %s (terminating: %t) and %s (terminating: %t)",
				node, other.Name, oracle.Terminating(other), pod.Name, oracle.Terminating(pod))
		}
		first[node] = pod
	}
	return nil
}

// finish makes an unbound pod Succeeded, as a kubelet would one of its own.
func finish(ctx context.Context, e *framework.Env, pod *corev1.Pod) {
	e.Act("sets phase Succeeded of Pod", history.KindPod, pod)
	_, err := e.Client.CoreV1().Pods(e.Namespace).
		Patch(ctx, pod.Name, types.MergePatchType, []byte(`{"status":{"phase":"Succeeded"}}`), metav1.PatchOptions{}, "status")
	e.Must(err, "set the phase of pod %s", pod.Name)
}

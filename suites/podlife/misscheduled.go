package podlife

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// goesSlowly is how many seconds a pod takes to terminate: many times what is looked
// at meanwhile takes, and less than a clean-up may, for a kubelet does not shorten
// what has begun (kubernetes#83916).
const goesSlowly = 60

// misscheduledCounted: a pod where none should be is on its way out, or stays
// because it takes its time.
func misscheduledCounted() framework.Spec {
	return framework.Spec{
		ID: "DS-STA-003", Area: framework.PodLife, Title: "misscheduled pods are counted by node", Level: framework.Core,
		Behaviour: "numberMisscheduled MUST count the nodes that are not eligible and still hold a pod, and no other: pods kept under a NoSchedule taint, and pods that are still terminating on a node that lost its label.",
		Clauses:   []string{"DaemonSet.status.numberMisscheduled", "pkg/controller/daemon updateDaemonSetStatus"},
		Why: "It is how one sees that daemons run where they should not. A controller that counts pods instead of nodes, or forgets a pod once it is deleted, tells that a node is free of the daemon while it still holds its ports and files. " +
			"What makes the controller look is given by the spec; when it looks by itself is DS-CHG-005's.",
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			key, closed := e.Key("daemon"), corev1.Taint{Key: e.Key("closed"), Value: "true", Effect: corev1.TaintEffectNoSchedule}
			for _, node := range e.Nodes {
				e.LabelNode(ctx, node, key, "yes")
			}
			// The pod that terminates must run on its node: one that is bound nowhere
			// becomes Failed by the pod garbage collector, which looks every 20 s.
			pods := fleet.Deploy(ctx, e, e.DaemonSet("agent", fleet.Lingering(goesSlowly), fleet.NodeSelector(key, "yes")))
			ds, held := e.History.State().DaemonSet("agent"), pods.Pods[e.Nodes[1]]
			is := func(desired, current, misscheduled int32, when string) {
				site.LookAgain(ctx, e, "agent", e.Nodes[0])
				e.BecomesFor(ctx, "agent", e.Timeouts.Placement, fmt.Sprintf("%d desired, %d current, %d misscheduled %s", desired, current, misscheduled, when),
					fleet.Counts(ds, map[string]int32{"desiredNumberScheduled": desired, "currentNumberScheduled": current, "numberMisscheduled": misscheduled}))
			}
			is(2, 2, 0, "with both nodes eligible")
			for _, node := range e.Nodes {
				e.TaintNode(ctx, node, closed)
			}
			is(0, 0, 2, "with both nodes closed by a taint")
			for _, node := range e.Nodes {
				e.UntaintNode(ctx, node, closed)
			}
			is(2, 2, 0, "with the taints gone")

			e.UnlabelNode(ctx, e.Nodes[1], key)
			site.LookAgain(ctx, e, "agent", e.Nodes[1])
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the pod of the node that lost its label is terminating", func(s *history.State) error {
				if p := s.Pod(held.Name); p == nil || !oracle.Terminating(p) {
					return fmt.Errorf("pod %s is gone, or nobody has deleted it", held.Name)
				}
				return nil
			})
			is(1, 1, 1, "while the pod of the node that lost its label terminates")
			e.DeletePod(ctx, held, *metav1.NewDeleteOptions(0))
			is(1, 1, 0, "once that pod is gone")
		},
	}
}

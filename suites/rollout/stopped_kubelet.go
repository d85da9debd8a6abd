package rollout

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func stoppedKubelet() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-008",
		Area:      framework.RollingUpdate,
		Title:     "a node whose pod cannot end uses budget",
		Behaviour: "A node whose only pod is terminating MUST count as unavailable: with maxUnavailable 1 no other node's available pod may be deleted until it has an available pod again.",
		Clauses:   []string{fieldMaxDown, "kubernetes issue 117204", sourceRolling},
		Level:     framework.Core,
		Why: "With its kubelet stopped the node cannot end its pod, and is down for longer than anybody knows. " +
			"A controller that does not count the terminating pod takes the other node down too, and with it the service.",
		Needs: []framework.Ability{framework.StopKubelet},
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Slow:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			down, up := e.Nodes[0], e.Nodes[1]
			e.StopKubelet(ctx, down)
			e.DeletePod(ctx, old.Pods[down], metav1.DeleteOptions{})
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the pod on the node without a kubelet is terminating and cannot end", func(s *history.State) error {
				pod := s.Pod(old.Pods[down].Name)
				if pod == nil || pod.DeletionTimestamp == nil {
					return fmt.Errorf("pod %s is gone, or not terminating", old.Pods[down].Name)
				}
				return nil
			})

			ds := e.SetImage(ctx, name, "agent:v2")
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller has seen the new template", fleet.Observed(ds))
			e.StaysFor(ctx, 2*e.Timeouts.Quiet, "the pod of the other node is left alone", nil, old.Kept(up))

			e.StartKubelet(ctx, down)
			fleet.AwaitRollout(ctx, e, ds)
		},
	}
}

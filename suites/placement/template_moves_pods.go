package placement

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func templateMovesPods() framework.Spec {
	return framework.Spec{
		ID: "DS-CHG-011", Area: framework.Placement, Title: "the template chooses other nodes", Level: framework.Core,
		Behaviour: "A template that chooses other nodes MUST move the pods: created on nodes that match now, deleted from those that do not.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Updating a DaemonSet", "concepts/workloads/controllers/daemonset, Running Pods on select Nodes"},
		Why: "By nodeSelector, and then by affinity back again. A controller that treats the change as an update of pods alone " +
			"replaces them where they are; one that waits for its budget leaves pods on nodes that the user has taken out.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			first, second := e.Nodes[0], e.Nodes[1]
			e.LabelNode(ctx, first, e.Key("side"), "left")
			e.LabelNode(ctx, second, e.Key("side"), "right")
			left := running(ctx, e, e.DaemonSet("moving", fleet.NodeSelector(e.Key("side"), "left")), first)
			before := site.One(e.History.State(), left, first)

			right := fleet.Update(ctx, e, left.Name, fleet.NodeSelector(e.Key("side"), "right"))
			becomesRunning(ctx, e, right, second)
			e.BecomesFor(ctx, right.Name, e.Timeouts.Placement, "the first pod is gone", site.Gone(before))
			before = site.One(e.History.State(), right, second)

			back := fleet.Update(ctx, e, left.Name, e.Pin, withoutSide(e), requires(allOf(expr(e.Key("side"), corev1.NodeSelectorOpNotIn, "right"))))
			becomesRunning(ctx, e, back, first)
			e.BecomesFor(ctx, back.Name, e.Timeouts.Placement, "the second pod is gone", site.Gone(before))
		},
	}
}

func withoutSide(e *framework.Env) fleet.Change {
	return func(ds *appsv1.DaemonSet) { delete(ds.Spec.Template.Spec.NodeSelector, e.Key("side")) }
}

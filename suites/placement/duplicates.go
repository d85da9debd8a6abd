package placement

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func duplicatesArePruned() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-023", Area: framework.Placement, Title: "a second pod for one node", Level: framework.Core,
		Behaviour: "Of two pods of one DaemonSet for one node, all but one MUST be deleted; a bound pod outlives an unbound one, and of two bound ones the older.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: a copy of a Pod on each node", "pkg/controller/daemon podByCreationTimestampAndPhase"},
		Why: "Two copies appear after a controller's restart or fail-over. The spec makes the second copy itself, complete with the owner and the labels of the first. " +
			"A controller that never prunes leaves two agents on the node; one that prunes in the wrong order stops the agent that works.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			node := e.Nodes[0]
			ds := running(ctx, e, e.DaemonSet("older-wins"), node)
			older := site.One(e.History.State(), ds, node)
			younger := site.Duplicate(ctx, e, ds, older, node)
			survives(ctx, e, ds, older, younger, node)

			ds = placed(ctx, e, e.DaemonSet("bound-wins", unscheduled), node)
			unbound := site.One(e.History.State(), ds, node)
			bound := site.Duplicate(ctx, e, ds, unbound, node)
			survives(ctx, e, ds, bound, unbound, node)
		},
	}
}

func survives(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet, stays, goes *corev1.Pod, node string) {
	expected := fmt.Sprintf("pod %s survives and pod %s is deleted", stays.Name, goes.Name)
	e.BecomesFor(ctx, ds.Name, e.Timeouts.Placement, expected, fleet.Every(site.Gone(goes), site.Same(stays), site.Pods(ds, node)))
}

package placement

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func rolloutOverTaint() framework.Spec {
	return framework.Spec{
		ID: "DS-CHG-010", Area: framework.Placement, Title: "a rollout meets a pod kept under a NoSchedule taint", Level: framework.Core,
		Behaviour: "A rollout MUST replace the old pod of a node that has got a NoSchedule taint like any other old pod: it is deleted, and no new one is made there while the taint stands.",
		Clauses:   []string{"concepts/scheduling-eviction/taint-and-toleration: NoSchedule, no new Pods will be scheduled", "pkg/controller/daemon/update.go: rollingUpdate goes over pods, not over nodes"},
		Why: "The pod may stay where it is, but not at the old template for ever. A controller that rolls over the eligible nodes alone leaves the old release running on the tainted one, and its rollout counts as done; " +
			"one that takes every node with a pod for eligible makes a new pod that the scheduler refuses. The node gets its pod when the taint goes.",
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Slow:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			ds := running(ctx, e, e.DaemonSet("plain"), e.Nodes...)
			pods := fleet.Take(e, ds.Name)
			closed := taint(e, "closed", corev1.TaintEffectNoSchedule)
			e.TaintNode(ctx, e.Nodes[0], closed)
			site.LookAgain(ctx, e, ds.Name, e.Nodes[0])
			misscheduled(ctx, e, ds)

			rolled := e.SetImage(ctx, ds.Name, "agent:v2")
			renewed := fleet.Every(site.Gone(pods.Pods[e.Nodes[0]]), site.Gone(pods.Pods[e.Nodes[1]]), fleet.RolledOut(rolled), site.Running(rolled, e.Nodes[1]))
			e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(2), "both old pods are gone, and only the node without a taint has a new one", renewed)
			e.Stays(ctx, "the tainted node gets none", nil, renewed)
			e.UntaintNode(ctx, e.Nodes[0], closed)
			becomesRunning(ctx, e, rolled, e.Nodes...)
		},
	}
}

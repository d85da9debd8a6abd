package rollout

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func extraPod() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-019",
		Area:      framework.RollingUpdate,
		Title:     "a node with a pod too many during a rollout",
		Behaviour: "A node that comes to hold two old pods in the middle of a rollout MUST be brought down to its one pod and MUST NOT give the rollout any budget: the old pod MUST stay until its turn comes.",
		Clauses:   []string{fieldMaxDown, sourceManage, sourceRolling},
		Level:     framework.Extended,
		Why: "A second pod appears by adoption or after a fail-over. The rollout waits at the other node here, which is down, and maxUnavailable is 1. A controller that takes the node with two pods for one that can spare one " +
			"may delete the one in service; one that rolls over nodes that are not in order takes both nodes down.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			created := e.CreateDaemonSet(ctx, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			old := fleet.AwaitRollout(ctx, e, created)
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.Gated)
			waits := old.Progress(ds, 1, 0)
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "the rollout waits at its first node", waits)
			node := old.Standing(e.History.State())[0]

			extra := site.Duplicate(ctx, e, created, old.Pods[node], node)
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(1), "the extra pod of node "+node+" is gone, and the rollout waits where it was", fleet.Every(waits, site.Gone(extra), site.Same(old.Pods[node])))
			e.Stays(ctx, "the rollout waits at its first node", nil, fleet.Every(waits, site.Same(old.Pods[node])))
			fleet.OpenAll(ctx, e, name)
			fleet.AwaitRollout(ctx, e, ds)
			e.Check(fleet.Each(e, fleet.AtMostUnavailable(ds, e.Nodes, 1)), "at no instant is more than one node without an available pod")
		},
	}
}

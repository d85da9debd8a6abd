package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func surgeNodeGone() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-014",
		Area:      framework.RollingUpdate,
		Title:     "a node leaves during a rollout with maxSurge",
		Behaviour: "With maxSurge, a pod whose node has left SHOULD NOT keep the rollout from going on on the other nodes; the rollout MUST end once the pod garbage collector has removed that pod.",
		Clauses:   []string{fieldMaxSurge, sourceRolling + " (a node that is not found)"},
		Level:     framework.Deviation,
		Slow:      true,
		Why: "Machines leave at any time, and their pods stay for most of a minute. Released Kubernetes since 1.29 ends its look at the DaemonSet with an error as soon as it meets such a pod, " +
			"so that one lost machine stops the rollout of the whole cluster for that long. Measured; only --strict fails it. A controller that does not try again stays where it is.",
		Needs: []framework.Ability{framework.AddNode, framework.RemoveNode},
		Nodes: framework.NodeNeed{Topology: true},
		Body: func(ctx context.Context, e *framework.Env) {
			created := e.CreateDaemonSet(ctx, e.DaemonSet(name, site.Own(e), fleet.MaxSurge("1")))
			nodes := site.JoinTogether(ctx, e, 2)
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "both nodes run their pod", site.Running(created, nodes...))
			old := fleet.Take(e, name)
			left, stays := nodes[0], nodes[1]
			e.RemoveNode(ctx, left)
			ds := e.SetImage(ctx, name, "agent:v2")
			since := time.Now()
			e.BecomesFor(ctx, name, e.Timeouts.PodGC+e.Timeouts.RolloutOf(1), "node "+stays+" gets its new pod", func(s *history.State) error {
				for _, pod := range fleet.On(s, s.DaemonSet(name), stays) {
					if pod.UID != old.Pods[stays].UID {
						return nil
					}
				}
				return fmt.Errorf("node %s has no new pod", stays)
			})
			lag := time.Since(since)
			e.Measure("time until a rollout goes on beside a node that has left", lag.Round(time.Millisecond).String())
			prompt := 2 * e.Timeouts.Quiet
			e.That(lag < prompt || !e.Strict(), "the rollout goes on within "+prompt.String(), "it took %s", lag.Round(time.Millisecond))
			e.BecomesFor(ctx, name, e.Timeouts.PodGC+e.Timeouts.RolloutOf(1), "the rollout ends on the node that is left", fleet.Every(old.Gone, fleet.RolledOut(ds), site.Running(ds, stays)))
		},
	}
}

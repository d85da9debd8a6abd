package podlife

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// onePodCounts: a node with two ready daemons is still one node.
func onePodCounts() framework.Spec {
	return framework.Spec{
		ID: "DS-STA-004", Area: framework.PodLife, Title: "of two pods on a node one counts", Level: framework.Extended,
		Behaviour: "numberReady, numberAvailable and updatedNumberScheduled MUST be counted from one pod for each node, the oldest bound one: a new pod beside a standing old one MUST NOT add to them, ready or not.",
		Clauses:   []string{"DaemonSet.status.numberReady", "DaemonSet.status.numberAvailable", "pkg/controller/daemon updateDaemonSetStatus"},
		Why: "With maxSurge two pods of a node are ready at once. A controller that counts pods reports more ready than there are nodes, and one that counts the newest reports a node updated that the old pod still serves. " +
			"minReadySeconds of an hour keeps both pods where they are.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet("agent", fleet.MaxSurge("2")))
			ds := fleet.Update(ctx, e, "agent", fleet.Image(e, "agent:v2"), fleet.Gated, fleet.MinReadySeconds(3600))
			counts := fleet.Every(old.Progress(ds, 0, 2), fleet.Counts(ds, map[string]int32{
				"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 0,
				"numberReady": 2, "numberAvailable": 0, "numberUnavailable": 2,
			}))
			e.BecomesFor(ctx, "agent", e.Timeouts.RolloutOf(2), "a new pod stands beside each old one, and the old ones alone count", counts)
			fleet.OpenAll(ctx, e, "agent")
			e.BecomesFor(ctx, "agent", e.Timeouts.PodReady, "all four pods are ready, and still the old ones alone count", fleet.Every(counts, fourReady))
			e.Stays(ctx, "it stays so", nil, counts)
			e.Check(fleet.Each(e, func(_ *history.State, en history.Entry) error {
				if d, ok := en.Object.(*appsv1.DaemonSet); ok && (d.Status.NumberReady > 2 || d.Status.NumberAvailable > 2) {
					return fmt.Errorf("a status counts %d ready and %d available", d.Status.NumberReady, d.Status.NumberAvailable)
				}
				return nil
			}), "no status counts more ready pods than there are nodes")
			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, "agent", fleet.Ungated, fleet.MinReadySeconds(0)))
		},
	}
}

func fourReady(s *history.State) error {
	n := 0
	for _, p := range fleet.Live(s, s.DaemonSet("agent")) {
		if ready(p) {
			n++
		}
	}
	if n != 4 {
		return fmt.Errorf("%d pods are ready", n)
	}
	return nil
}

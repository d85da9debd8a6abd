package rollout

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func budgetRaised() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-011",
		Area:      framework.RollingUpdate,
		Title:     "maxUnavailable raised half-way",
		Behaviour: "A change of maxUnavailable alone MUST take effect on the rollout under way, and MUST NOT make a new revision.",
		Clauses:   []string{fieldMaxDown, sourceRolling},
		Level:     framework.Core,
		Why: "It is how an operator speeds up or gives up caution on a rollout that stalls. A controller that reads the budget only at the start of a rollout " +
			"leaves the second node as it is; one that hashes the whole spec starts another rollout.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.Gated)
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "the rollout waits at its first node", old.Progress(ds, 1, 0))
			revisions := fleet.Revisions(e.History.State(), ds)

			raised := fleet.Update(ctx, e, name, fleet.MaxUnavailable("100%"))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "the second node is replaced as well, though the first is not ready",
				fleet.Every(old.Progress(raised, 2, 0), fleet.SameRevisions(ds, revisions)))
		},
	}
}

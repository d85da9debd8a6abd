package ondelete

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func fromRollingUpdate() framework.Spec {
	return framework.Spec{
		ID:        "DS-OND-007",
		Area:      framework.OnDelete,
		Title:     "a switch to OnDelete freezes a rollout",
		Behaviour: "A switch from RollingUpdate to OnDelete in the middle of a rollout MUST stop it: no further pod may be deleted, even when the budget allows it.",
		Clauses:   []string{docOnDelete, fieldType, sourceUpdate},
		Level:     framework.Core,
		Why: "DaemonSets cannot be paused; this switch is the brake. The new pod of the first node gets ready after the switch, " +
			"so that a controller that still rolls has all it needs to go on to the next.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.Gated)
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "the rollout waits at its first node", old.Progress(ds, 1, 0))

			frozen := fleet.Update(ctx, e, name, fleet.OnDelete)
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller has seen the switch", fleet.Observed(frozen))
			fleet.OpenAll(ctx, e, name)
			half := fleet.Every(old.Progress(frozen, 1, 0), fleet.Counts(frozen, map[string]int32{"numberAvailable": 2, "updatedNumberScheduled": 1}))
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "all pods are available, one of them of the new template", half)
			e.StaysFor(ctx, 2*e.Timeouts.Quiet, "the old pod of the other node is left alone", nil, half)
		},
	}
}

package rollout

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func unavailableFirst() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-006",
		Area:      framework.RollingUpdate,
		Title:     "unavailable old pods need no budget",
		Behaviour: "Old pods that are not available MUST be replaced at once, whatever maxUnavailable says and whether or not the new pods become ready.",
		Clauses:   []string{docUpdate, sourceRolling + " (allowedReplacementPods)"},
		Level:     framework.Core,
		Why: "A rollout that was broken must not block the one that mends it. All old pods are unready here, so the budget of one is more than used up: " +
			"a controller that waits for budget before it deletes any old pod never moves.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			created := e.CreateDaemonSet(ctx, e.DaemonSet(name, fleet.MaxUnavailable("1"), fleet.Gated))
			unready := fleet.AwaitPlacement(ctx, e, created)

			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "all unready old pods are replaced, though no new pod is ready", unready.Progress(ds, 2, 0))
		},
	}
}

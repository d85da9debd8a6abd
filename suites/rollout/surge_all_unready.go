package rollout

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func surgeAllUnready() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-006",
		Area:      framework.RollingUpdate,
		Title:     "unavailable old pods need no surge",
		Behaviour: "A node whose old pod is not available MUST get its new pod regardless of maxSurge, and the unready old pod MUST be deleted.",
		Clauses:   []string{fieldMaxSurge + " (an unavailable pod is replaced at once)", kepSurge, sourceRolling + " (allowedNewNodes)"},
		Level:     framework.Extended,
		Why: "Surge protects what is in service, and nothing is here: all old pods are unready. A controller that replaces them one after the other, " +
			"each waiting for a new pod that never gets ready, cannot mend a broken release.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			created := e.CreateDaemonSet(ctx, e.DaemonSet(name, fleet.MaxSurge("1"), fleet.Gated))
			unready := fleet.AwaitPlacement(ctx, e, created)

			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "both nodes have only their new pod, though no new pod is ready", unready.Progress(ds, 2, 0))
		},
	}
}

package rollout

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func surgePercent() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-003",
		Area:      framework.RollingUpdate,
		Title:     "maxSurge as a per cent",
		Behaviour: "A maxSurge in per cent MUST be taken of desiredNumberScheduled and rounded up, to at least one: of three nodes 1% is one, 40% are two and 100% are three.",
		Clauses:   []string{fieldMaxSurge, kepSurge, "pkg/controller/daemon/util: SurgeCount"},
		Level:     framework.Extended,
		Why: "The field's documentation says that the number is rounded up to a minimum of one. Rounded down, 1% of three nodes is none and the rollout never starts; rounded to the nearest number, 40% are one. " +
			"The bound is raised half-way, so a controller that reads it once is caught too.",
		Nodes: framework.NodeNeed{Workers: 3},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxSurge("1%")))
			fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.Gated)
			for _, row := range []struct {
				maxSurge string
				nodes    int
			}{{"1%", 1}, {"40%", 2}, {"100%", 3}} {
				ds := fleet.Update(ctx, e, name, fleet.MaxSurge(row.maxSurge))
				want := fmt.Sprintf("with maxSurge %s of three nodes exactly %d have a new pod beside the old one", row.maxSurge, row.nodes)
				e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(3), want, old.Progress(ds, 0, row.nodes))
				e.Stays(ctx, want+", as long as no new pod is ready", nil, old.Progress(ds, 0, row.nodes))
			}
		},
	}
}

package rollout

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func newestTemplateWins() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-010",
		Area:      framework.RollingUpdate,
		Title:     "a change half-way goes on to the newest template",
		Behaviour: "A second template change in the middle of a rollout MUST lead all nodes to the newest template, and no pod of the template in between may be made afterwards.",
		Clauses:   []string{docUpdate, sourceHistory, sourceRolling},
		Level:     framework.Core,
		Why: "The second change is mostly the repair of the first. A controller that finishes the rollout it had begun, or queues changes, " +
			"first carries the broken template to every node.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			between := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.Gated)
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "the rollout to v2 has come to its first node", old.Progress(between, 1, 0))
			_, hash, err := fleet.Current(e.History.State(), between)
			e.Check(err, "the template in between has a revision")

			newest := fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Image(e, "agent:v3"), fleet.Ungated))
			made := fleet.Ever(e.History.Entries(), hash)
			e.That(len(made) == 1, "the one pod of the template in between that stood at the second change is the only one ever made", "these were made: %v", made)
			made = fleet.Ever(e.History.Entries(), newest.Hash)
			e.That(len(made) == 2, "each node got one pod of the newest template", "these were made: %v", made)
		},
	}
}

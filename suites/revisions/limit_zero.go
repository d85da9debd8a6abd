package revisions

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func limitZero() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-010",
		Area:      framework.Revisions,
		Title:     "history limit 0, and its default",
		Behaviour: "A revisionHistoryLimit left out MUST be 10; with 0 only the current ControllerRevision MUST be left after a rollout.",
		Clauses:   []string{fieldLimit + " (defaults to 10)", sourceCleanup},
		Level:     framework.Extended,
		Why: "Zero is a number here and not \"unset\". A controller that takes it for the default keeps ten templates a user wanted gone; " +
			"one that counts the current revision deletes it and makes it again for ever.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name))
			limit := e.History.State().DaemonSet(name).Spec.RevisionHistoryLimit
			e.That(limit != nil && *limit == 10, "the limit that was left out is 10", "it is %v", limit)
			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Template("2")))
			e.Holds(ctx, numbers(1, 2), "with the default the old revision is kept")

			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Template("3"), fleet.HistoryLimit(0)))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "with limit 0 only the current revision is left once it is rolled out", numbers(3))
			e.Stays(ctx, "the current revision is left alone", nil, numbers(3))
		},
	}
}

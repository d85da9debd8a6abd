package rollout

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func minReadyRaised() framework.Spec {
	return framework.Spec{
		ID:        "DS-MRS-005",
		Area:      framework.RollingUpdate,
		Title:     "minReadySeconds changed on running pods",
		Behaviour: "A change of minReadySeconds MUST have availability judged anew on the pods that run, and MUST replace none of them and make no revision.",
		Clauses:   []string{fieldMinReady, sourceStatus},
		Level:     framework.Extended,
		Why: "The field is read at each look, it is no part of the template. A controller that remembers which pods were available " +
			"keeps counting them; one that takes it for a template change restarts them.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name))
			before := e.History.State().DaemonSet(name)
			revisions := fleet.Revisions(e.History.State(), before)
			same := fleet.Every(old.Alone(), fleet.SameRevisions(before, revisions))

			hour := fleet.Update(ctx, e, name, fleet.MinReadySeconds(3600))
			e.That(hour.Generation == before.Generation+1, "the change raises the generation by one", "it went from %d to %d", before.Generation, hour.Generation)
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "with minReadySeconds 3600 the ready pod counts as unavailable",
				fleet.Every(same, fleet.Counts(hour, map[string]int32{"numberReady": 1, "numberAvailable": 0, "numberUnavailable": 1, "updatedNumberScheduled": 1})))
			none := fleet.Update(ctx, e, name, fleet.MinReadySeconds(0))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "with minReadySeconds 0 it counts as available again",
				fleet.Every(same, fleet.Counts(none, map[string]int32{"numberReady": 1, "numberAvailable": 1, "numberUnavailable": 0, "updatedNumberScheduled": 1})))
			e.Stays(ctx, "pod and revision are the same throughout", nil, same)
		},
	}
}

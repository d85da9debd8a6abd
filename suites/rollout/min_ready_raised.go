package rollout

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
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
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			// Its pods are as old as the other's, and its field stays.
			beside := fleet.Deploy(ctx, e, e.DaemonSet("beside", fleet.MinReadySeconds(1)))
			old := fleet.Deploy(ctx, e, e.DaemonSet(name))
			before := e.History.State().DaemonSet(name)
			revisions := fleet.Revisions(e.History.State(), before)
			same := fleet.Every(old.Alone(), fleet.SameRevisions(before, revisions), beside.Alone())
			counts := func(available int32) map[string]int32 {
				return map[string]int32{
					"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 2, "numberMisscheduled": 0,
					"numberReady": 2, "numberAvailable": available, "numberUnavailable": 2 - available,
				}
			}

			hour := fleet.Update(ctx, e, name, fleet.MinReadySeconds(3600))
			e.That(hour.Generation == before.Generation+1, "the change raises the generation by one", "it went from %d to %d", before.Generation, hour.Generation)
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "with minReadySeconds 3600 the ready pods count as unavailable, and as all else they were", fleet.Every(same, fleet.Counts(hour, counts(0))))
			e.Stays(ctx, "they stay unavailable", nil, fleet.Every(same, fleet.Counts(hour, counts(0))))
			one := fleet.Update(ctx, e, name, fleet.MinReadySeconds(1))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "with minReadySeconds 1, which they have long been ready for, they count as available again", fleet.Every(same, fleet.Counts(one, counts(2))))
			fleet.Update(ctx, e, name, fleet.MinReadySeconds(3600))
			none := fleet.Update(ctx, e, name, fleet.MinReadySeconds(0))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "and so they do with minReadySeconds 0 after 3600", fleet.Every(same, fleet.Counts(none, counts(2))))
			e.Stays(ctx, "pods and revision are the same throughout", nil, same)
			e.Check(fleet.Each(e, func(s *history.State, en history.Entry) error {
				if ds := s.DaemonSet("beside"); en.Kind == history.KindDaemonSet && en.Name == "beside" && ds != nil && ds.Generation != 1 {
					return fmt.Errorf("DaemonSet beside has generation %d", ds.Generation)
				}
				return nil
			}), "the DaemonSet beside it is not touched")
		},
	}
}

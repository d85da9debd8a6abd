package revisions

import (
	"context"
	"errors"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/policy"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

func limitAfterFailure() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-019",
		Area:      framework.Revisions,
		Title:     "the history limit is caught up with after failures",
		Behaviour: "When the history limit is lowered while pods cannot be created, the revisions over the limit MUST be deleted once they can be, without any edit of the DaemonSet.",
		Clauses:   []string{fieldLimit, "pkg/controller/daemon/daemon_controller.go: updateDaemonSet (manage, rollingUpdate, cleanupHistory in this order)"},
		Level:     framework.Extended,
		Why: "Released Kubernetes does not prune in a look at the DaemonSet in which something else failed; whether it did is measured. A controller that prunes only where the limit has just changed, " +
			"and gave that one look away to a quota, keeps the old revisions for ever.",
		Refuses: true,
		Nodes:   framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			lift := policy.NoRoom(ctx, e)
			e.CreateDaemonSet(ctx, e.DaemonSet(name, unbound.Scheduler, fleet.Template("1")))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the quota refuses the pod", refusedByQuota)
			for _, template := range []string{"2", "3"} {
				ds := fleet.Update(ctx, e, name, fleet.Template(template))
				e.BecomesFor(ctx, name, e.Timeouts.Placement, "template "+template+" has its revision", fleet.Observed(ds))
			}
			lowered := fleet.Update(ctx, e, name, fleet.HistoryLimit(0))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller has seen the lower limit", fleet.Observed(lowered))
			e.Measure("revisions of a DaemonSet with limit 0 whose pods are refused", len(e.History.State().RevisionsOf(lowered)))

			lift(ctx)
			e.BecomesFor(ctx, name, e.Timeouts.Rollout, "the pod is made and only the current revision is left", fleet.Every(fleet.Placed(lowered), numbers(3)))
			e.Stays(ctx, "it stays so", nil, numbers(3))
		},
	}
}

// refusedByQuota judges that the DaemonSet has an event FailedCreate.
func refusedByQuota(s *history.State) error {
	for _, ev := range s.EventsFor("DaemonSet", name) {
		if ev.Reason == "FailedCreate" {
			return nil
		}
	}
	return errors.New("DaemonSet " + name + " has no event FailedCreate")
}

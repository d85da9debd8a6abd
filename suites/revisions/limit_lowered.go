package revisions

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func limitLowered() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-011",
		Area:      framework.Revisions,
		Title:     "a lowered history limit prunes at once",
		Behaviour: "When revisionHistoryLimit is lowered, the old ControllerRevisions beyond it MUST be deleted without a further template change.",
		Clauses:   []string{fieldLimit, sourceCleanup},
		Level:     framework.Extended,
		Why: "A controller that prunes only when it makes a revision keeps what the user asked it to drop, " +
			"perhaps for ever: many DaemonSets are never changed again.",
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Nowhere(e)))
			for template := 2; template <= 5; template++ {
				fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Template(fmt.Sprint(template))))
			}
			e.Holds(ctx, numbers(1, 2, 3, 4, 5), "within the default limit all five revisions are kept")

			fleet.Update(ctx, e, name, fleet.HistoryLimit(1))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "with limit 1 the current revision and the one before are left", numbers(4, 5))
			e.Stays(ctx, "both are kept", nil, numbers(4, 5))
		},
	}
}

package rollout

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func healthySurvive() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-007",
		Area:      framework.RollingUpdate,
		Title:     "healthy pods survive broken updates in a row",
		Behaviour: "Unavailable old pods MUST use up the budget first: as long as maxUnavailable of them exist, no available old pod may be deleted.",
		Clauses:   []string{fieldMaxDown, "kubernetes issue 123232, pull request 123233", sourceRolling},
		Level:     framework.Core,
		Why: "Three updates that never get ready follow each other. Before 1.31 each took another healthy pod down, since the unready pod of the update before " +
			"was replaced for free and not counted. A controller that does so ends with no pod in service.",
		Nodes:    framework.NodeNeed{Workers: 3},
		Versions: ">= 1.31.0-0",
		Body: func(ctx context.Context, e *framework.Env) {
			healthy := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			for attempt := 1; attempt <= 3; attempt++ {
				ds := fleet.Update(ctx, e, name, fleet.Gated, fleet.Template(fmt.Sprint(attempt)))
				e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(3),
					fmt.Sprintf("broken update %d replaces the pod of one node, the same as before", attempt), healthy.Progress(ds, 1, 0))
			}
			survivors := healthy.Standing(e.History.State())
			e.Stays(ctx, "two healthy pods are left", nil, func(s *history.State) error {
				if len(survivors) != 2 {
					return fmt.Errorf("only the pods of %v are left of the healthy ones", survivors)
				}
				return healthy.Kept(survivors...)(s)
			})
		},
	}
}

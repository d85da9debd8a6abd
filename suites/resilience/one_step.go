package resilience

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func oneStepAtATime() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-017",
		Area:      framework.Resilience,
		Title:     "a rolling update takes no step before the last one is seen",
		Behaviour: "While the controller has not seen the deletion of a pod that it has itself deleted, it MUST NOT take a further step of the rolling update.",
		Clauses:   []string{"pkg/controller ControllerExpectations", "pkg/controller/daemon updateDaemonSet: the rolling step only once the expectations are met"},
		Level:     framework.Extended,
		Why: "Seen by a watch that lags, a deleted pod still serves, and so the budget seems whole. A controller that goes on from there deletes the next pod at each look: " +
			"the busier the API server, the more nodes are down at once. The spec holds the watch of pods back at the first deletion, and makes the controller look again and again.",
		Needs:  []framework.Ability{framework.InjectFaults},
		Nodes:  framework.NodeNeed{Workers: 4},
		Serial: true,
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			fleet.CaughtUp(ctx, e, "before")
			e.SetFault(ctx, faults.Rule{Name: "pods-frozen", Match: faults.Watch(pods), Effect: faults.Freeze})
			e.SetFault(ctx, faults.Rule{Name: "pods-deleted", Match: deletes(e), Effect: faults.Count})
			ds := fleet.Update(ctx, e, name, fleet.Template("next"))
			e.AwaitHits(ctx, e.Timeouts.Placement, "pods-deleted", 1, "the rolling update deletes its first pod")
			for look := range 5 {
				fleet.Touch(ctx, e, name, fmt.Sprint(look))
			}
			// The witness shows that the controller is at work all the while.
			fleet.CaughtUp(ctx, e, "witness")
			hits := e.Hits(ctx, "pods-deleted")
			e.That(hits == 1, "one pod is deleted until its deletion is seen", "%d deletions were sent, while the watch of pods stood still", hits)
			e.LiftFault(ctx, "pods-frozen")
			e.LiftFault(ctx, "pods-deleted")
			atRest(ctx, e, ds)
		},
	}
}

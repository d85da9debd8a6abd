package podlife

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/policy"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// observedOnceActedOn: kubernetes#67251, a generation that was called observed
// while the controller still waited for its own writes of before.
func observedOnceActedOn() framework.Spec {
	return framework.Spec{
		ID: "DS-STA-009", Area: framework.PodLife, Title: "a generation is observed once it is acted on", Level: framework.Core,
		Behaviour: "observedGeneration MUST NOT advance to a generation that the controller has only counted for and not acted on, as while it waits to see the pods that it has created: once it says so, the pods MUST follow.",
		Clauses:   []string{"DaemonSet.status.observedGeneration", "kubernetes#67251", "pkg/controller/daemon syncDaemonSet: only update status, don't raise observedGeneration"},
		Why: "An admission policy stores the new pods without their owner, so that the controller never sees them come as its own and holds further work back, in Kubernetes for up to five minutes. Then the template leaves the node. " +
			"A controller that raises observedGeneration with the numbers tells that the new template was acted on while the pod of the old one stands: kubectl and every tool that waits believe it.",
		Versions: ">= 1.36.0-0",
		Except:   map[string]string{"owner-references": "an admission policy takes the owners off"},
		Nodes:    framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			policy.Disowned(ctx, e)
			first := e.CreateDaemonSet(ctx, e.DaemonSet("agent", unbound.Scheduler))
			unbound.Await(ctx, e, first, e.Nodes[0])
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the first generation is observed", fleet.Observed(first))

			second := fleet.Update(ctx, e, "agent", fleet.Nowhere(e))
			limit, cancel := context.WithTimeout(ctx, 3*e.Timeouts.Quiet)
			defer cancel()
			err := e.History.Await(limit, fleet.Observed(second))
			e.Measure("the controller acts on a DaemonSet whose pods it has not seen come", err == nil)
			if err != nil {
				// It waits, and says so: nothing else is asked of it.
				return
			}
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the generation that is observed was acted on: the node that it leaves has no pod", func(s *history.State) error {
				if n := len(fleet.Live(s, s.DaemonSet("agent"))); n > 0 {
					return fmt.Errorf("there are %d live pods", n)
				}
				return nil
			})
		},
	}
}

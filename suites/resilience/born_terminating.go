package resilience

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// lingers is how many seconds the pod takes to terminate: long enough for the
// controller to list it meanwhile.
const lingers = 10

func bornTerminating() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-016",
		Area:      framework.Resilience,
		Title:     "a pod that is first seen terminating is replaced",
		Behaviour: "A pod that the controller sees for the first time when it already terminates SHOULD be replaced promptly once it is gone, and MUST be after a restart of the controller at the latest.",
		Clauses:   []string{"kubernetes issue 136932", "pkg/controller/daemon addPod"},
		Level:     framework.Deviation,
		Why: "Whoever deletes a pod in the moment it is made, while the controller's watch lags, lets it see only the end. Released Kubernetes counts that as a deletion and goes on waiting " +
			"for the pod it has created, up to five minutes, and then until something else happens. The lag is measured; only --strict fails it.",
		Needs:  []framework.Ability{framework.InjectFaults, framework.RestartController},
		Nodes:  framework.NodeNeed{Workers: 1},
		Serial: true,
		Body: func(ctx context.Context, e *framework.Env) {
			node := e.Nodes[0]
			e.SetFault(ctx, faults.Rule{Name: "pods-lost", Match: faults.Watch(pods), Effect: faults.Drop})
			ds := e.CreateDaemonSet(ctx, e.DaemonSet(name, fleet.Lingering(lingers)))
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "the node's pod is ready", fleet.Every(hasOne(ds, node), site.Ready(ds)))
			first := site.One(e.History.State(), ds, node)
			e.DeletePod(ctx, first, metav1.DeleteOptions{})
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the pod terminates", func(s *history.State) error {
				if pod := s.Pod(first.Name); pod == nil || pod.DeletionTimestamp == nil {
					return fmt.Errorf("pod %s is not terminating", first.Name)
				}
				return nil
			})
			e.LiftFault(ctx, "pods-lost")
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "the pod is gone", site.Gone(first))

			gone := time.Now()
			prompt := 5 * e.Timeouts.Quiet
			limit, cancel := context.WithTimeout(ctx, prompt)
			defer cancel()
			if err := e.History.Await(limit, hasOne(ds, node)); err != nil {
				e.Measure("lag of the replacement of a pod first seen terminating", "more than "+prompt.String())
				e.That(!e.Strict(), "the pod is replaced within "+prompt.String()+" of its end", "%v", err)
				e.StopController(ctx)
				e.StartController(ctx)
			} else {
				e.Measure("lag of the replacement of a pod first seen terminating", time.Since(gone).Round(time.Millisecond).String())
			}
			atRest(ctx, e, ds)
		},
	}
}

package resilience

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// outageTries is how often the controller is turned away before the outage
// ends: clients wait ever longer between their tries, so that it takes a while.
const outageTries = 20

func outage() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-006",
		Area:      framework.Resilience,
		Title:     "an outage of the API server",
		Behaviour: "A controller that cannot reach the API server for a while MUST NOT replace pods that run afterwards, and MUST do what is left to do: nothing but the pod that was deleted meanwhile is made anew.",
		Clauses:   []string{"pkg/controller/daemon: nothing is deleted because time has passed", "client-go reflector: what is known stays known while nothing new is heard"},
		Level:     framework.Extended,
		Why: "Control planes are upgraded, and then every daemon of the cluster hangs on its controller's patience. One that takes silence for absence " +
			"recreates the pods of all nodes when the API server is back; one that gives up must be restarted by hand. " +
			"The spec cuts all of the controller's connections and turns it away twenty times, while a user deletes one pod.",
		Needs:  []framework.Ability{framework.InjectFaults},
		Nodes:  framework.NodeNeed{Workers: 3},
		Serial: true,
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name))
			ds := e.History.State().DaemonSet(name)
			deleted := e.Nodes[0]
			e.SetFault(ctx, faults.Rule{Name: "turned-away", Effect: faults.Lose})
			e.SetFault(ctx, faults.Rule{Name: "cut-off", Match: faults.Match{Verbs: []string{"watch"}}, Effect: faults.Close})
			e.DeletePod(ctx, old.Pods[deleted], metav1.DeleteOptions{})
			e.AwaitHits(ctx, e.Timeouts.Rollout, "turned-away", outageTries, "the controller keeps trying to reach the API server")
			e.LiftFault(ctx, "cut-off")
			e.LiftFault(ctx, "turned-away")
			atRest(ctx, e, ds)
			e.Stays(ctx, "the pods of the other nodes are those of before", nil, func(s *history.State) error { return old.Kept(e.Nodes[1:]...)(s) })
		},
	}
}

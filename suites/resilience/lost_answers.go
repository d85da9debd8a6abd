package resilience

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
)

func lostAnswers() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-007",
		Area:      framework.Resilience,
		Title:     "creates that are carried out and never answered",
		Behaviour: "A create that is carried out, and whose answer is lost, MUST end with exactly one pod on the node and one revision of the template.",
		Clauses:   []string{"pkg/controller/daemon syncNodes: what fails is no longer expected, and the next look finds it", "concepts/workloads/controllers/daemonset: a copy of a Pod on each node"},
		Level:     framework.Extended,
		Why: "Load balancers and API servers that restart cut connections between the deed and the answer. A controller that takes the error for \"it is not there\" " +
			"makes a second pod and must find and remove it; one that waits for the pod it thinks it has failed to make waits for ever. " +
			"Here the answers to the first creates of a revision and of pods are all lost.",
		Needs:  []framework.Ability{framework.InjectFaults},
		Nodes:  framework.NodeNeed{Workers: 3},
		Serial: true,
		Except: map[string]string{"one-pod-per-node": "a second pod may be made beside the one whose answer was lost; that none is left is what the spec judges"},
		Body: func(ctx context.Context, e *framework.Env) {
			n := len(e.Nodes)
			e.SetFault(ctx, faults.Rule{Name: "revision-unanswered", Match: creates(e, revisions), Effect: faults.LoseAnswer, Times: 1})
			e.SetFault(ctx, faults.Rule{Name: "pods-unanswered", Match: creates(e, pods), Effect: faults.LoseAnswer, Times: n})
			ds := e.CreateDaemonSet(ctx, e.DaemonSet(name))
			e.AwaitHits(ctx, e.Timeouts.RolloutOf(n), "revision-unanswered", 1, "the controller creates a ControllerRevision")
			e.AwaitHits(ctx, e.Timeouts.RolloutOf(n), "pods-unanswered", 1, "the controller creates pods")
			atRest(ctx, e, ds)
			s := e.History.State()
			e.That(len(s.RevisionsOf(s.DaemonSet(name))) == 1, "the template has one ControllerRevision", "it has %d", len(s.RevisionsOf(s.DaemonSet(name))))
		},
	}
}

package rollout

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func brokenImage() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-005",
		Area:      framework.RollingUpdate,
		Title:     "a broken image stalls the rollout",
		Behaviour: "If the new pods never become available, a rollout MUST stop after maxUnavailable nodes and leave all other old pods untouched.",
		Clauses:   []string{fieldMaxDown, docUpdate + ", DaemonSet rolling update is stuck: Broken rollout", sourceRolling},
		Level:     framework.Core,
		Why: "The bound is what keeps a bad release from reaching every node. A controller that counts a created pod as progress, " +
			"or deletes on a timer, takes the service down node by node.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			ds := e.SetImage(ctx, name, "agent:missing")

			stalled := fleet.Every(old.Progress(ds, 1, 0), fleet.Counts(ds, map[string]int32{
				"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 1, "numberAvailable": 1, "numberUnavailable": 1,
			}))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "one node has a pod of the image that cannot be pulled, the other keeps its old pod, and the status says so", stalled)
			// Kubelets go on telling of their attempts to pull; only the controller's work counts.
			e.StaysFor(ctx, 2*e.Timeouts.Quiet, "the rollout stands still at one node", fleet.Work(e.Namespace), stalled)
		},
	}
}

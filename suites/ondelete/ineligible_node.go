package ondelete

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func ineligibleNode() framework.Spec {
	return framework.Spec{
		ID:        "DS-OND-008",
		Area:      framework.OnDelete,
		Title:     "a template change takes pods off nodes it excludes",
		Behaviour: "Under OnDelete a template change that makes a node ineligible MUST remove the pod there, and MUST leave the pods of the other nodes as they are.",
		Clauses:   []string{docOnDelete, "docs: concepts/workloads/controllers/daemonset", "pkg/controller/daemon/daemon_controller.go: manage"},
		Level:     framework.Core,
		Why: "Where pods may run is not a matter of the update strategy. A controller that freezes placement with the template keeps an agent on a node it was withdrawn from; " +
			"one that takes the change for a rollout restarts the others.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.OnDelete))
			kept, excluded := e.Nodes[0], e.Nodes[1]
			key := e.Key("chosen")
			e.LabelNode(ctx, kept, key, "true")
			// One that has not heard of the label would take the pod off that node, too.
			site.LookAgain(ctx, e, name, kept)

			ds := fleet.Update(ctx, e, name, fleet.NodeSelector(key, "true"))
			only := fleet.Every(old.Kept(kept), func(s *history.State) error {
				if left := fleet.On(s, s.DaemonSet(name), excluded); len(left) > 0 {
					return fmt.Errorf("pod %s is still on node %s, which the template excludes", left[0].Name, excluded)
				}
				return nil
			}, fleet.Counts(ds, map[string]int32{"desiredNumberScheduled": 1, "currentNumberScheduled": 1, "numberMisscheduled": 0, "updatedNumberScheduled": 0}))
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "the excluded node has no pod, the other keeps its own, and the status says so", only)
			e.Stays(ctx, "the other node keeps its own pod", nil, only)
		},
	}
}

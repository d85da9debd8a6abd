package ondelete

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func newNode() framework.Spec {
	return framework.Spec{
		ID:        "DS-OND-004",
		Area:      framework.OnDelete,
		Title:     "a node that becomes eligible gets the newest template",
		Behaviour: "Under OnDelete a node that becomes eligible after a template change MUST get a pod of the newest template, while the other nodes keep theirs.",
		Clauses:   []string{docOnDelete, "docs: concepts/workloads/controllers/daemonset", sourceSync},
		Level:     framework.Core,
		Why: "The strategy is about pods that run; a node without one is served by the template in force. " +
			"A controller that looks for \"the template the others have\" starts the new node on a release that was withdrawn.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			key := e.Key("chosen")
			present, added := e.Nodes[0], e.Nodes[1]
			e.LabelNode(ctx, present, key, "true")
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.OnDelete, fleet.NodeSelector(key, "true")))
			ds := e.SetImage(ctx, name, "agent:v2")
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller has seen the new template", fleet.Observed(ds))

			e.LabelNode(ctx, added, key, "true")
			served := fleet.Every(old.Kept(present), func(s *history.State) error {
				now, hash, err := fleet.Current(s, ds)
				if err != nil {
					return err
				}
				pods := fleet.On(s, now, added)
				if len(pods) != 1 || fleet.HashOf(pods[0]) != hash {
					return fmt.Errorf("node %s has %d live pods; want one of the newest revision %s", added, len(pods), hash)
				}
				return nil
			}, fleet.Counts(ds, map[string]int32{"desiredNumberScheduled": 2, "updatedNumberScheduled": 1, "numberAvailable": 2}))
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "the added node has a pod of the newest template and the other keeps its old one", served)
			e.Stays(ctx, "the other node keeps its old pod", nil, served)
		},
	}
}

package rollout

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func nodeJoins() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-015",
		Area:      framework.RollingUpdate,
		Title:     "a node joins half-way",
		Behaviour: "A node that joins in the middle of a rollout MUST get a pod of the newest template at once; it needs no budget and gives none.",
		Clauses:   []string{"docs: concepts/workloads/controllers/daemonset", sourceManage},
		Level:     framework.Core,
		Why: "A node without a pod is served by the placement rule, not by the rollout, so the budget used up elsewhere must not keep it waiting; " +
			"and a pod of the old template there would be replaced again. Its unready pod must not make the controller take a further node down either.",
		Needs: []framework.Ability{framework.AddNode, framework.RemoveNode},
		Nodes: framework.NodeNeed{Workers: 2, Topology: true},
		Slow:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.Gated)
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "the rollout waits at its first node", old.Progress(ds, 1, 0))

			joined := e.JoinNode(ctx, clusters.NodeSpec{Labels: map[string]string{e.LeaseLabel: "true"}})
			served := fleet.Every(old.Progress(ds, 1, 0), func(s *history.State) error {
				now, hash, err := fleet.Current(s, ds)
				if err != nil {
					return err
				}
				pods := fleet.On(s, now, joined)
				if len(pods) != 1 || fleet.HashOf(pods[0]) != hash {
					return fmt.Errorf("node %s has %d live pods; want one of revision %s", joined, len(pods), hash)
				}
				return nil
			})
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(3), "the joined node has a pod of the newest template while the rollout waits as before", served)
			e.Stays(ctx, "the rollout still waits, with the joined node served", nil, served)
			leaveEmpty(ctx, e, joined)
		},
	}
}

// leaveEmpty takes the pod off the joined node before the node goes: a pod of a
// node that is gone would be left to the pod garbage collector for a minute.
func leaveEmpty(ctx context.Context, e *framework.Env, node string) {
	e.UnlabelNode(ctx, node, e.LeaseLabel)
	e.BecomesFor(ctx, name, e.Timeouts.PodReady, "the joined node, no longer eligible, is left by its pod", func(s *history.State) error {
		for _, pod := range s.Pods() {
			if pod.Spec.NodeName == node {
				return fmt.Errorf("pod %s is still on node %s", pod.Name, node)
			}
		}
		return nil
	})
}

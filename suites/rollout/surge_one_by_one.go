package rollout

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func surgeOneByOne() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-001",
		Area:      framework.RollingUpdate,
		Title:     "maxSurge replaces a pod only by an available one",
		Behaviour: "With maxSurge n and maxUnavailable 0, an available old pod MUST NOT be deleted before a new pod on its node is available, at most n nodes MUST hold an unavailable new pod beside it, and no extra pod may be left in the end.",
		Clauses:   []string{fieldMaxSurge, kepSurge, sourceRolling},
		Covers:    []string{"DS-RUS-002", "DS-RUS-004", "DS-RUS-015"},
		Level:     framework.Extended,
		Why: "Surge is for agents that must not be missing for a moment. A controller that deletes first breaks that promise; " +
			"one that starts new pods everywhere doubles the load of all nodes; one that forgets the old pod leaves two for ever.",
		Nodes: framework.NodeNeed{Workers: 2},
		Smoke: true,
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxSurge("1")))
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.Gated)
			for done := range len(old.Pods) {
				step := fmt.Sprintf("%d nodes are replaced and on one more a new pod stands beside the old one", done)
				e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), step, old.Progress(ds, done, 1))
				if done == 0 {
					e.Stays(ctx, step+", as long as the new pod is not ready", nil, old.Progress(ds, done, 1))
				}
				fleet.OpenAll(ctx, e, name)
			}
			updated := fleet.AwaitRollout(ctx, e, ds)
			e.Check(old.EachMark(e.Namespace, e.History.Entries(), relieved(updated)), "each old pod is deleted only once the new pod of its node is ready")
			made := fleet.Ever(e.History.Entries(), updated.Hash)
			e.That(len(made) == 2, "one new pod was made for each node", "these were made: %v", made)
		},
	}
}

// relieved judges a mark: the pod that replaces the marked one is ready at that moment.
func relieved(by *fleet.Fleet) func(*history.State, history.Entry, string) error {
	return func(before *history.State, en history.Entry, node string) error {
		ds := before.DaemonSet(by.Name)
		next := before.Pod(by.Pods[node].Name)
		if next == nil {
			return fmt.Errorf("pod %s of node %s is deleted while there is no new pod", en.Name, node)
		}
		if ok, at := oracle.Available(next, ds.Spec.MinReadySeconds, en.Time.Add(fleet.Skew)); !ok {
			return fmt.Errorf("pod %s of node %s is deleted while the new pod %s is not available (ready since %v, available at %v)",
				en.Name, node, next.Name, fleet.ReadySince(next), at)
		}
		return nil
	}
}

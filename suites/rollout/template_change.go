package rollout

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func templateChange() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-001",
		Area:      framework.RollingUpdate,
		Title:     "a template change replaces every pod",
		Behaviour: "Under RollingUpdate a changed template MUST replace the pod of every eligible node by one of the new template, marked with the new revision.",
		Clauses:   []string{docUpdate, "API: DaemonSet spec.updateStrategy.type RollingUpdate", sourceRolling},
		Level:     framework.Core,
		Why: "RollingUpdate is the promise that what runs follows the template without a user's hand. " +
			"A controller that treats it as OnDelete keeps the old pods; one that marks new pods with the old revision rolls for ever.",
		Nodes: framework.NodeNeed{Workers: 2},
		Smoke: true,
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name))
			updated := fleet.AwaitRollout(ctx, e, e.SetImage(ctx, name, "agent:v2"))

			e.That(updated.Hash != old.Hash, "the new pods are marked with another revision than the old ones", "both are marked %s", old.Hash)
			for _, node := range old.Nodes() {
				was, now := old.Pods[node], updated.Pods[node]
				e.That(now != nil && now.UID != was.UID, "node "+node+" has another pod than before the change", "pod %s is still there", was.Name)
				e.That(now.Spec.Containers[0].Image == e.Image("agent:v2"), "pod "+now.Name+" runs the image of the new template",
					"it runs %s", now.Spec.Containers[0].Image)
			}
			e.Stays(ctx, "the rollout ends: no pod is replaced twice", nil, func(s *history.State) error {
				if made := len(fleet.Ever(e.History.Entries(), updated.Hash)); made != len(old.Pods) {
					return fmt.Errorf("%d pods of the new revision were made for %d nodes", made, len(old.Pods))
				}
				return updated.Alone()(s)
			})
		},
	}
}

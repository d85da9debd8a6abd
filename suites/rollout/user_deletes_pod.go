package rollout

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func userDeletesPod() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-014",
		Area:      framework.RollingUpdate,
		Title:     "an old pod deleted half-way comes back new",
		Behaviour: "A pod that a user deletes in the middle of a rollout MUST come back with the newest template, not with the one it had.",
		Clauses:   []string{docUpdate, "pkg/controller/daemon/daemon_controller.go: syncNodes"},
		Level:     framework.Core,
		Why: "What is missing is made by the template in force. The budget is used up by the first node here: " +
			"a controller that restores the old pod until it is that node's turn makes a pod only to delete it.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.Gated)
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "the rollout waits at its first node", old.Progress(ds, 1, 0))

			for _, node := range old.Standing(e.History.State()) {
				e.DeletePod(ctx, old.Pods[node], metav1.DeleteOptions{})
			}
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "the deleted pod's node has one of the newest template", old.Progress(ds, 2, 0))
			made := fleet.Ever(e.History.Entries(), old.Hash)
			e.That(len(made) == 2, "no pod of the old template was made after the change", "pods of the old template were %v", made)
		},
	}
}

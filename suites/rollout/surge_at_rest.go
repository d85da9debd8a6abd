package rollout

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func surgeAtRest() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-008",
		Area:      framework.RollingUpdate,
		Title:     "with maxSurge a deleted pod is replaced at once, rollout or not",
		Behaviour: "With maxSurge a deleted pod MUST be replaced at once, while it still terminates, outside a rollout too.",
		Clauses:   []string{fieldMaxSurge, kepSurge, sourceManage},
		Level:     framework.Extended,
		Why: "maxSurge says that two pods of the DaemonSet get along on a node, and that the node is not to be without one. A controller that thinks of it only while it rolls " +
			"leaves the node without an agent for the whole grace period whenever a pod is deleted or evicted.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			node := e.Nodes[0]
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxSurge("1"), fleet.Lingering(30)))
			e.DeletePod(ctx, old.Pods[node], metav1.DeleteOptions{})
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "node "+node+" has a ready successor while the deleted pod still terminates", func(s *history.State) error {
				if err := stillThere(old, node)(s); err != nil {
					return err
				}
				live := fleet.On(s, s.DaemonSet(name), node)
				if len(live) != 1 || !oracle.Ready(live[0]) {
					return fmt.Errorf("of %d live pods of the node none, or not the only one, is ready", len(live))
				}
				return nil
			})
			endAtOnce(ctx, e)
		},
	}
}

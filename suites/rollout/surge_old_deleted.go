package rollout

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func surgeOldDeleted() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-007",
		Area:      framework.RollingUpdate,
		Title:     "with maxSurge a deleted pod's successor does not wait",
		Behaviour: "With maxSurge, when an old pod is deleted by somebody else, its successor MUST be created at once, while the old pod still terminates, even if the surge is used up.",
		Clauses:   []string{fieldMaxSurge, kepSurge, sourceManage},
		Level:     framework.Extended,
		Why: "The node has no pod that stays, so there is nothing to bound. A controller that waits for the old object to vanish, as it must without surge, " +
			"leaves the node without an agent for the whole grace period.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxSurge("1"), fleet.Lingering(30)))
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.Gated)
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "the surge is used up by an unready new pod on one node", old.Progress(ds, 0, 1))
			surged, err := surgedNode(e.History.State(), old)
			e.Check(err, "on one node a new pod stands beside the old one")

			for _, node := range old.Nodes() {
				if node == surged {
					continue
				}
				e.DeletePod(ctx, old.Pods[node], metav1.DeleteOptions{})
				e.BecomesFor(ctx, name, e.Timeouts.Placement, "node "+node+" has its new pod while the deleted one still terminates",
					fleet.Every(old.Progress(ds, 1, 1), stillThere(old, node)))
			}
			endAtOnce(ctx, e)
		},
	}
}

// stillThere judges that the fleet's pod of the node terminates and is not gone.
func stillThere(f *fleet.Fleet, node string) func(*history.State) error {
	return func(s *history.State) error {
		own := f.Pods[node]
		if pod := s.Pod(own.Name); pod == nil || pod.UID != own.UID || pod.DeletionTimestamp == nil {
			return fmt.Errorf("pod %s does not terminate any more", own.Name)
		}
		return nil
	}
}

// endAtOnce takes the DaemonSet away and its lingering pods with it: the spec
// has seen what it was after, and nobody should wait for their grace periods.
func endAtOnce(ctx context.Context, e *framework.Env) {
	e.DeleteDaemonSet(ctx, name, metav1.DeletePropagationOrphan)
	for _, pod := range e.History.State().Pods() {
		e.DeletePod(ctx, pod, *metav1.NewDeleteOptions(0))
	}
}

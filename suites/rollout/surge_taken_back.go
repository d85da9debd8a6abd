package rollout

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func surgeTakenBack() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-016",
		Area:      framework.RollingUpdate,
		Title:     "maxSurge taken back half-way",
		Behaviour: "When maxSurge goes back to 0 in the middle of a rollout, each node MUST be brought down to one pod, the oldest bound one staying, and the rollout MUST go on within maxUnavailable.",
		Clauses:   []string{fieldMaxSurge, sourceManage},
		Level:     framework.Extended,
		Why: "Without surge two pods on a node are one too many, and the one in service is the one to keep. " +
			"A controller that keeps the extra pod breaks the rule of one pod a node; one that drops the old pod first takes a node down for nothing.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxSurge("1")))
			// Released Kubernetes counts the deletions it awaits without asking whose
			// they are: the slow end of the extra pod could pass for that of an old one,
			// and the other old pod go too. One that ends at once cannot.
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.Gated, fleet.Grace(0))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "on one node a new pod stands beside the old one", old.Progress(ds, 0, 1))
			extra := old.Fresh(e.History.State())[0]

			back := fleet.Update(ctx, e, name, fleet.Strategy("1", "0"))
			alone := old.Progress(back, 1, 0)
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "each node has one pod, and the rollout waits at its first node", fleet.Every(alone, gone(extra.Name, extra.UID)))
			e.Stays(ctx, "the rollout waits at its first node", nil, alone)
			e.Check(old.EachMark(e.Namespace, e.History.Entries(), func(before *history.State, en history.Entry, _ string) error {
				if pod := before.Pod(extra.Name); pod != nil && pod.UID == extra.UID && pod.DeletionTimestamp == nil {
					return fmt.Errorf("old pod %s is deleted while the extra pod %s still stands", en.Name, extra.Name)
				}
				return nil
			}), "the extra pod is deleted before any old one")
		},
	}
}

// gone judges that the pod no longer is, or terminates.
func gone(pod string, uid types.UID) func(*history.State) error {
	return func(s *history.State) error {
		if p := s.Pod(pod); p != nil && p.UID == uid && p.DeletionTimestamp == nil {
			return fmt.Errorf("pod %s still stands", pod)
		}
		return nil
	}
}

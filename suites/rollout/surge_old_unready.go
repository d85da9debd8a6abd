package rollout

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func surgeOldUnready() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-005",
		Area:      framework.RollingUpdate,
		Title:     "an old pod that falters beside its successor goes at once",
		Behaviour: "If the old pod stops being ready while a new pod stands beside it, the old pod MUST be deleted at once, even if the new one is not ready.",
		Clauses:   []string{fieldMaxSurge, kepSurge, sourceManage},
		Level:     framework.Extended,
		Why: "An old pod that serves nobody is not worth keeping, and may hold what its successor waits for. " +
			"A controller that waits for the new pod here waits for ever. The healthy old pod of the other node must stay.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxSurge("1"), fleet.Gated))
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "on one node a new pod stands beside the old one", old.Progress(ds, 0, 1))
			surged, err := surgedNode(e.History.State(), old)
			e.Check(err, "on one node a new pod stands beside the old one")

			fleet.Shut(ctx, e, old.Pods[surged])
			// Once that node has no old pod it is no surge any more, and the other one may get its new pod.
			done := fleet.Every(oneGone(old, surged), succeeded(old, ds, surged))
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "the unready old pod is deleted, though its successor is not ready; the other node keeps its own", done)
			e.Stays(ctx, "the successor stands alone on its node, and the other node keeps its healthy old pod", nil, done)
		},
	}
}

// surgedNode is the node on which the fleet's own pod has company.
func surgedNode(s *history.State, old *fleet.Fleet) (string, error) {
	ds := s.DaemonSet(old.Name)
	for _, node := range old.Nodes() {
		if len(fleet.On(s, ds, node)) == 2 {
			return node, nil
		}
	}
	return "", fmt.Errorf("no node has two pods of DaemonSet %s", old.Name)
}

// oneGone judges that all pods of the fleet stand but the one of the node.
func oneGone(old *fleet.Fleet, gone string) func(*history.State) error {
	return func(s *history.State) error {
		standing := old.Standing(s)
		for _, node := range old.Nodes() {
			if node != gone && old.Kept(node)(s) != nil {
				return old.Kept(node)(s)
			}
		}
		if len(standing) != len(old.Pods)-1 {
			return fmt.Errorf("the old pods stand on %v", standing)
		}
		return nil
	}
}

// succeeded judges that the node's one live pod is not the fleet's own any more.
func succeeded(old *fleet.Fleet, ds *appsv1.DaemonSet, node string) func(*history.State) error {
	return func(s *history.State) error {
		live := fleet.On(s, s.DaemonSet(ds.Name), node)
		if len(live) != 1 || live[0].UID == old.Pods[node].UID {
			return fmt.Errorf("node %s has %d live pods; want one, and not %s", node, len(live), old.Pods[node].Name)
		}
		return nil
	}
}

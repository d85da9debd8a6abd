package rollout

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func minReadyPace() framework.Spec {
	const seconds = 3
	return framework.Spec{
		ID:        "DS-MRS-004",
		Area:      framework.RollingUpdate,
		Title:     "a rollout goes at the pace of minReadySeconds",
		Behaviour: "With maxUnavailable 1 a rollout MUST NOT go on to the next node before the new pod of the last one has been ready for minReadySeconds.",
		Clauses:   []string{fieldMinReady, fieldMaxDown, sourceRolling},
		Level:     framework.Extended,
		Why: "minReadySeconds is the time in which a bad release shows. A controller that goes on as soon as the new pod is ready " +
			"has replaced all pods by the time the first one falters.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			// Old pods must be available under the new minReadySeconds too, or they need no budget.
			old.AwaitReadyFor(ctx, e, (seconds+1)*time.Second)
			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.MinReadySeconds(seconds)))

			e.Check(old.EachMark(e.Namespace, e.History.Entries(), othersAvailable(old)),
				"whenever an old pod is deleted, the other node has a pod that has been ready for %d s", seconds)
		},
	}
}

// othersAvailable judges a mark: all nodes of the fleet but the pod's own have
// an available pod at that moment.
func othersAvailable(f *fleet.Fleet) func(*history.State, history.Entry, string) error {
	return func(before *history.State, en history.Entry, node string) error {
		others := slices.DeleteFunc(f.Nodes(), func(n string) bool { return n == node })
		if down := fleet.Unavailable(before, before.DaemonSet(f.Name), others); len(down) > 0 {
			return fmt.Errorf("pod %s of node %s is deleted while nodes %v have no pod that has been ready for minReadySeconds", en.Name, node, down)
		}
		return nil
	}
}

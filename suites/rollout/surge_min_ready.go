package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func surgeMinReady() framework.Spec {
	const seconds = 4
	return framework.Spec{
		ID:        "DS-RUS-009",
		Area:      framework.RollingUpdate,
		Title:     "with maxSurge a new pod that is ready must also be available",
		Behaviour: "A new pod that is ready but has not been for minReadySeconds MUST NOT cause the deletion of a ready old pod; once it is available, it MUST.",
		Clauses:   []string{fieldMaxSurge, fieldMinReady, kepSurge, sourceManage},
		Level:     framework.Extended,
		Why: "A new pod proves itself for minReadySeconds while the old one serves. A controller that looks at readiness alone gives the old pod up too early; " +
			"one without an alarm of its own keeps both for ever.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxSurge("1")))
			// The old pod must be available under the new minReadySeconds too, or it needs no successor that is.
			old.AwaitReadyFor(ctx, e, (seconds+1)*time.Second)
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.MinReadySeconds(seconds))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(1), "a new pod is ready beside the old one", fleet.Every(old.Progress(ds, 0, 1), freshReady(old)))

			e.BecomesFor(ctx, name, seconds*time.Second+e.Timeouts.Placement, "the old pod is deleted once the new one is available", old.Progress(ds, 1, 0))
			e.Check(old.EachMark(e.Namespace, e.History.Entries(), relieved(fleet.Take(e, name))),
				"the old pod is deleted no sooner than the new one has been ready for %d s", seconds)
		},
	}
}

// freshReady judges that the DaemonSet's pods that are not the fleet's are ready.
func freshReady(old *fleet.Fleet) func(*history.State) error {
	return func(s *history.State) error {
		for _, pod := range old.Fresh(s) {
			if fleet.ReadySince(pod).IsZero() {
				return fmt.Errorf("pod %s is not ready", pod.Name)
			}
		}
		return nil
	}
}

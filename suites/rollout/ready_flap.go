package rollout

import (
	"context"
	"time"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func readyFlap() framework.Spec {
	const seconds = 5
	return framework.Spec{
		ID:        "DS-MRS-003",
		Area:      framework.RollingUpdate,
		Title:     "a pod that falters waits minReadySeconds again",
		Behaviour: "When a pod stops being ready and becomes ready again, minReadySeconds MUST start anew before it counts as available.",
		Clauses:   []string{fieldMinReady + " (ready without any of its containers crashing)", sourceStatus},
		Level:     framework.Extended,
		Why: "The field is there to catch pods that start well and then falter. The pod falters after three of its five seconds here: " +
			"a controller that counts from the first readiness, or sums the times up, counts it as available too early.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			created := e.CreateDaemonSet(ctx, e.DaemonSet(name, fleet.MinReadySeconds(seconds), fleet.Gated))
			pod := fleet.AwaitPlacement(ctx, e, created)
			fleet.Open(ctx, e, pod.All()...)
			pod.AwaitReadyFor(ctx, e, (seconds-2)*time.Second)

			faltering := pod.Pods[e.Nodes[0]]
			fleet.Shut(ctx, e, faltering)
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "the pod does not count as ready, the other one does",
				fleet.Counts(created, map[string]int32{"numberReady": 1}))
			e.BecomesFor(ctx, name, seconds*time.Second+e.Timeouts.Placement, "the other node's pod, which has not faltered, counts as available",
				fleet.Counts(created, map[string]int32{"desiredNumberScheduled": 2, "numberReady": 1, "numberAvailable": 1, "numberUnavailable": 1}))
			fleet.Open(ctx, e, faltering)
			// A controller that trails by seconds may never say that the pod is ready and
			// not yet available; one that says it is available too early is told below.
			e.BecomesFor(ctx, name, e.Timeouts.PodReady+seconds*time.Second+e.Timeouts.Placement, "the pod counts as ready again, and as available in the end",
				fleet.Counts(created, map[string]int32{"numberReady": 2, "numberAvailable": 2, "numberUnavailable": 0}))
			e.Check(fleet.Each(e, countedEarly()), "no status counts the pod as available before it has been ready again for %d s", seconds)
		},
	}
}

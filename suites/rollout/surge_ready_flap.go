package rollout

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func surgeReadyFlap() framework.Spec {
	const seconds = 4
	return framework.Spec{
		ID:        "DS-RUS-018",
		Area:      framework.RollingUpdate,
		Title:     "with maxSurge a rollout goes on after a new pod faltered",
		Behaviour: "With maxSurge and minReadySeconds, a rollout SHOULD go on by itself once a new pod that had faltered has been ready for minReadySeconds.",
		Clauses:   []string{fieldMaxSurge, fieldMinReady, "pkg/controller/daemon/daemon_controller.go: updatePod, enqueueDaemonSetAfter"},
		Level:     framework.Deviation,
		Why: "Released controllers set one alarm for each DaemonSet, and an earlier alarm swallows a later one. The alarm of the first readiness goes off too early for the second; " +
			"the status counts the old pod, which is available, so the alarm of last resort is not set either, and both pods stay until something else happens.",
		Nodes: framework.NodeNeed{Workers: 1},
		Slow:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxSurge("1")))
			old.AwaitReadyFor(ctx, e, (seconds+1)*time.Second)
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.Gated, fleet.MinReadySeconds(seconds))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(1), "a new pod stands beside the old one", old.Progress(ds, 0, 1))
			fresh := &fleet.Fleet{Name: name, Pods: map[string]*corev1.Pod{e.Nodes[0]: old.Fresh(e.History.State())[0]}}
			falter(ctx, e, fresh)

			settled := time.Now()
			within, cancel := context.WithTimeout(ctx, 3*seconds*time.Second)
			defer cancel()
			if err := e.History.Await(within, old.Progress(ds, 1, 0)); err != nil {
				e.Measure("the rollout stalls until something else happens", true)
				if e.Strict() {
					e.Check(err, "the old pod is deleted within %d s of its successor's second readiness, with minReadySeconds %d", 3*seconds, seconds)
				}
				fleet.Touch(ctx, e, name, "wake")
				e.BecomesFor(ctx, name, e.Timeouts.Placement, "a touch of the DaemonSet wakes the rollout", old.Progress(ds, 1, 0))
				return
			}
			e.Measure("seconds from the second readiness until the old pod was deleted", time.Since(settled).Seconds())
		},
	}
}

// falter makes the pods ready for two seconds, then unready, then ready again.
func falter(ctx context.Context, e *framework.Env, pods *fleet.Fleet) {
	fleet.Open(ctx, e, pods.All()...)
	pods.AwaitReadyFor(ctx, e, 2*time.Second)
	fleet.Shut(ctx, e, pods.All()...)
	e.BecomesFor(ctx, name, e.Timeouts.PodReady, "the new pod is not ready any more", pods.Unready())
	fleet.Open(ctx, e, pods.All()...)
	pods.AwaitReadyFor(ctx, e, 0)
}

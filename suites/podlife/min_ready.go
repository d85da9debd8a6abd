package podlife

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// skewedClock: kubernetes#77203, a kubelet whose clock is ahead of the
// controller's.
func skewedClock() framework.Spec {
	const seconds, ahead = 3, 6 * time.Second
	return framework.Spec{
		ID: "DS-MRS-006", Area: framework.PodLife, Title: "a pod that is ready as of a moment to come", Level: framework.Extended,
		Behaviour: "A pod whose condition Ready tells of a moment in the future MUST count as available once minReadySeconds have passed since that moment, without any further event, and not before.",
		Clauses:   []string{"DaemonSet.spec.minReadySeconds", "kubernetes#77203", "pkg/controller/daemon updateDaemonSetStatus: the resync against clock skew"},
		Why: "The clocks of nodes differ. A controller that sets its alarm by its own clock when it hears of the readiness looks too early, finds the pod unavailable, and has no second alarm: " +
			"the rollout hangs until something else happens. The condition is six seconds ahead here.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("agent", unbound.Scheduler, fleet.MinReadySeconds(seconds)))
			pod := unbound.Await(ctx, e, ds, e.Nodes[0])
			since := metav1.NewTime(time.Now().Add(ahead).Truncate(time.Second))
			unbound.ReadySince(ctx, e, &since, pod)
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the pod counts as ready",
				fleet.Counts(ds, map[string]int32{"numberReady": 1}))
			e.BecomesFor(ctx, "agent", ahead+seconds*time.Second+e.Timeouts.Placement, "the pod counts as available, with nothing happening but time",
				fleet.Counts(ds, map[string]int32{"numberReady": 1, "numberAvailable": 1, "numberUnavailable": 0}))
			due := since.Add(seconds * time.Second)
			e.That(!time.Now().Add(fleet.Skew).Before(due), "it counts no earlier than "+due.UTC().Format(time.TimeOnly), "it did at %s", time.Now().UTC().Format(time.TimeOnly))
		},
	}
}

// readyWithoutTime: whoever writes a pod's status may leave the time out.
func readyWithoutTime() framework.Spec {
	return framework.Spec{
		ID: "DS-MRS-007", Area: framework.PodLife, Title: "a pod that does not tell since when it is ready", Level: framework.Extended,
		Behaviour: "A pod whose condition Ready has no time MUST count as available where minReadySeconds is 0, and MUST NOT where it is more.",
		Clauses:   []string{"DaemonSet.spec.minReadySeconds", "pkg/api/v1/pod IsPodAvailable"},
		Why: "Nobody knows how long such a pod has been ready. A controller that takes the missing time for the year 1 counts it as available at once and rolls on; " +
			"one that asks for a time where none is needed never finishes a rollout.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			none := e.CreateDaemonSet(ctx, e.DaemonSet("none", unbound.Scheduler))
			one := e.CreateDaemonSet(ctx, e.DaemonSet("one", unbound.Scheduler, fleet.MinReadySeconds(1)))
			pods := []*corev1.Pod{unbound.Await(ctx, e, none, e.Nodes[0]), unbound.Await(ctx, e, one, e.Nodes[0])}
			unbound.ReadySince(ctx, e, nil, pods...)
			e.Must(timeless(ctx, e, pods), "find the condition Ready of the pods stored without a time")
			counted := fleet.Every(
				fleet.Counts(none, map[string]int32{"numberReady": 1, "numberAvailable": 1}),
				fleet.Counts(one, map[string]int32{"numberReady": 1, "numberAvailable": 0, "numberUnavailable": 1}))
			e.Becomes(ctx, e.Timeouts.Placement, "both pods count as ready, and only the one with minReadySeconds 0 as available", counted)
			e.StaysFor(ctx, 2*e.Timeouts.Quiet, "the other one does not count later either", nil, counted)
		},
	}
}

// timeless finds out whether the API server keeps the conditions as they were written.
func timeless(ctx context.Context, e *framework.Env, pods []*corev1.Pod) error {
	for _, pod := range pods {
		got, err := e.Client.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("read pod %s: %w", pod.Name, err)
		}
		for _, c := range got.Status.Conditions {
			if c.Type == corev1.PodReady && !c.LastTransitionTime.IsZero() {
				return errors.New("pod " + pod.Name + " is ready since " + c.LastTransitionTime.String())
			}
		}
	}
	return nil
}

package rollout

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func minReadyCounts() framework.Spec {
	// Ten times as long is longer than any patience: a wrong unit is told from a slow machine.
	const seconds = 8
	return framework.Spec{
		ID:        "DS-MRS-001",
		Area:      framework.RollingUpdate,
		Title:     "numberAvailable waits for minReadySeconds",
		Behaviour: "numberReady MUST count a pod as soon as it is ready, numberAvailable only after it has been ready for minReadySeconds, and then without any further event.",
		Clauses:   []string{fieldMinReady, "API: DaemonSet status.numberAvailable", sourceStatus, "kubernetes issue 77203"},
		Covers:    []string{"DS-MRS-002"},
		Level:     framework.Extended,
		Why: "Nothing happens in the cluster when the time is over, so the controller must set itself an alarm. " +
			"One that ignores the field counts too early; one that only acts on events never counts, and every rollout hangs.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			// No controller is so slow that it first tells of the readiness when an hour is
			// over; of eight seconds one that has a busy machine may be.
			const patient = "patient"
			hour := e.CreateDaemonSet(ctx, e.DaemonSet(patient, fleet.MinReadySeconds(3600), fleet.Gated))
			created := e.CreateDaemonSet(ctx, e.DaemonSet(name, fleet.MinReadySeconds(seconds), fleet.Gated))
			fleet.AwaitPlacement(ctx, e, hour)
			pods := fleet.AwaitPlacement(ctx, e, created)
			fleet.OpenAll(ctx, e, patient)
			fleet.OpenAll(ctx, e, name)
			pods.AwaitReadyFor(ctx, e, 0)
			e.BecomesFor(ctx, name, seconds*time.Second+e.Timeouts.Placement, "all pods count as available, with nothing happening but time",
				fleet.Counts(created, map[string]int32{"numberReady": 2, "numberAvailable": 2, "numberUnavailable": 0}))
			e.Measure("seconds from the last pod's readiness until numberAvailable was complete", lag(e.History.State(), pods).Seconds())
			e.BecomesFor(ctx, patient, e.Timeouts.PodReady, "with minReadySeconds 3600 all pods count as ready and none as available",
				fleet.Counts(hour, map[string]int32{"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2, "numberAvailable": 0, "numberUnavailable": 2}))
			e.Check(fleet.Each(e, countedEarly()), "no status counts a pod as available before it has been ready for %d s", seconds)
		},
	}
}

// countedEarly gives what judges the entries of a log, from its first to its
// last: a DaemonSet's status may count as many pods as available as there are,
// and no more. A pod that was ready and is not any more may be counted until a
// status tells that the controller has heard of it, by its numberReady.
func countedEarly() func(*history.State, history.Entry) error {
	ready, lapsed := map[types.UID]bool{}, map[types.UID]bool{}
	return func(s *history.State, en history.Entry) error {
		if pod, ok := en.Object.(*corev1.Pod); ok {
			is := oracle.Ready(pod) && en.Change != history.Deleted
			if ready[pod.UID] && !is {
				lapsed[pod.UID] = true
			}
			ready[pod.UID] = is
		}
		ds, ok := en.Object.(*appsv1.DaemonSet)
		if !ok || en.Change == history.Deleted {
			return nil
		}
		var available, waiting, steady int32
		for _, pod := range s.PodsOf(ds) {
			if oracle.Ready(pod) && !lapsed[pod.UID] {
				steady++
			}
			if ok, _ := oracle.Available(pod, ds.Spec.MinReadySeconds, en.Time.Add(fleet.Skew)); ok {
				available++
			} else if lapsed[pod.UID] {
				waiting++
			}
		}
		if ds.Status.NumberReady <= steady {
			clear(lapsed)
			waiting = 0
		}
		available += waiting
		if ds.Status.NumberAvailable > available {
			return fmt.Errorf("numberAvailable is %d when %d pods have been ready for %d s", ds.Status.NumberAvailable, available, ds.Spec.MinReadySeconds)
		}
		return nil
	}
}

// lag is the time from the readiness of the last of the pods until now.
func lag(s *history.State, pods *fleet.Fleet) time.Duration {
	var last time.Time
	for _, own := range pods.All() {
		if pod := s.Pod(own.Name); pod != nil && fleet.ReadySince(pod).After(last) {
			last = fleet.ReadySince(pod)
		}
	}
	return s.LastChange().Sub(last).Round(time.Millisecond)
}

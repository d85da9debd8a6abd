package oracle

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework/history"
)

// Budget gives the limits of a rolling update over so many desired pods:
// percentages are of desired and rounded up; unset, maxUnavailable is 1 and
// maxSurge 0; both 0, maxUnavailable counts as 1. Under OnDelete both are 0.
// (DS-RUM-003, DS-RUM-020, DS-RUS-003, DS-RUS-017, DS-API-011)
func Budget(ds *appsv1.DaemonSet, desired int) (maxUnavailable, maxSurge int, err error) {
	if ds.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		return 0, 0, nil
	}
	one, zero := intstr.FromInt32(1), intstr.FromInt32(0)
	unavailable, surge := &one, &zero
	if r := ds.Spec.UpdateStrategy.RollingUpdate; r != nil {
		if r.MaxUnavailable != nil {
			unavailable = r.MaxUnavailable
		}
		if r.MaxSurge != nil {
			surge = r.MaxSurge
		}
	}
	if maxUnavailable, err = intstr.GetScaledValueFromIntOrPercent(unavailable, desired, true); err != nil {
		return 0, 0, fmt.Errorf("maxUnavailable of DaemonSet %s: %w", ds.Name, err)
	}
	if maxSurge, err = intstr.GetScaledValueFromIntOrPercent(surge, desired, true); err != nil {
		return 0, 0, fmt.Errorf("maxSurge of DaemonSet %s: %w", ds.Name, err)
	}
	if maxUnavailable == 0 && maxSurge == 0 && desired > 0 {
		maxUnavailable = 1
	}
	return maxUnavailable, maxSurge, nil
}

// Surges tells whether the DaemonSet's rolling update starts a new pod beside the old one.
func Surges(ds *appsv1.DaemonSet) bool {
	_, surge, err := Budget(ds, 1)
	return err == nil && surge > 0
}

// manyNodes is where judging every pod on every entry of a log begins to cost
// more than the rollout itself. Beyond it the status is asked first: as it must
// be right in the end, a status that says no is enough for a no.
const manyNodes = 100

// RolledOut holds when a rollout is complete: the generation is observed, the
// pods are placed (Placement), every eligible node's pod is of the current
// revision and available, and the status says so. It returns history.RetryAt
// while only minReadySeconds stand in between. (DS-RUM-001, DS-MRS-001, DS-STA-005, DS-KUB-001)
func RolledOut(s *history.State, ds *appsv1.DaemonSet) error {
	ds, err := latest(s, ds)
	if err != nil {
		return err
	}
	if ds.Status.ObservedGeneration < ds.Generation {
		return fmt.Errorf("DaemonSet %s has observed generation %d, not yet %d", ds.Name, ds.Status.ObservedGeneration, ds.Generation)
	}
	nodes := s.Nodes()
	if st := ds.Status; len(nodes) > manyNodes && (st.UpdatedNumberScheduled < st.DesiredNumberScheduled || st.NumberAvailable < st.DesiredNumberScheduled) {
		return fmt.Errorf("the rollout of DaemonSet %s is not complete: of %d desired pods its status counts %d updated and %d available",
			ds.Name, st.DesiredNumberScheduled, st.UpdatedNumberScheduled, st.NumberAvailable)
	}
	f := look(ds, nodes, s.PodsOf(ds))
	if misplaced := f.placed(); misplaced != nil {
		return misplaced
	}
	hash, err := CurrentHash(s, ds)
	if err != nil {
		return err
	}
	var wrong complaints
	var retry time.Time
	for i, n := range f.nodes {
		if !f.decisions[i].Run {
			continue
		}
		for _, p := range f.on[n.Name] {
			ok, due := Available(p, ds.Spec.MinReadySeconds, s.Now())
			switch {
			case Terminating(p):
				wrong.add("pod %s on node %s is still terminating", p.Name, n.Name)
			case p.Labels[appsv1.ControllerRevisionHashLabelKey] != hash:
				wrong.add("pod %s on node %s is of revision %q, not yet of %q", p.Name, n.Name, p.Labels[appsv1.ControllerRevisionHashLabelKey], hash)
			case !Ready(p):
				wrong.add("pod %s on node %s is not Ready (phase %s)", p.Name, n.Name, p.Status.Phase)
			case !ok:
				wrong.add("pod %s on node %s is Ready, but not for %d s yet", p.Name, n.Name, ds.Spec.MinReadySeconds)
				if retry.IsZero() || due.Before(retry) {
					retry = due
				}
			}
		}
	}
	incomplete := wrong.err("the rollout of DaemonSet %s to revision %s is not complete", ds.Name, hash)
	switch {
	case incomplete != nil && !retry.IsZero():
		return history.RetryAt(retry, incomplete)
	case incomplete != nil:
		return incomplete
	}
	return f.statusDiff(hash, s.Now())
}

package oracle

import (
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// ExpectedStatus gives the status that must stand once the controller has seen
// these nodes and pods (the pods that the DaemonSet owns) at now. currentHash is
// the hash label of the current ControllerRevision. Conditions and
// collisionCount are those that stand: the numbers do not follow from these
// facts. (DS-STA-001..006, DS-STA-014)
func ExpectedStatus(ds *appsv1.DaemonSet, nodes []*corev1.Node, pods []*corev1.Pod, currentHash string, now time.Time) appsv1.DaemonSetStatus {
	return look(ds, nodes, pods).status(currentHash, now)
}

func (f *facts) status(currentHash string, now time.Time) appsv1.DaemonSetStatus {
	want := appsv1.DaemonSetStatus{
		ObservedGeneration: f.ds.Generation,
		CollisionCount:     f.ds.Status.CollisionCount,
		Conditions:         f.ds.Status.Conditions,
	}
	for i, n := range f.nodes {
		group := f.on[n.Name]
		if !f.decisions[i].Run {
			if len(group) > 0 {
				want.NumberMisscheduled++
			}
			continue
		}
		want.DesiredNumberScheduled++
		if len(group) == 0 {
			continue
		}
		want.CurrentNumberScheduled++
		counts := group[0]
		if Ready(counts) {
			want.NumberReady++
		}
		if ok, _ := Available(counts, f.ds.Spec.MinReadySeconds, now); ok {
			want.NumberAvailable++
		}
		if Updated(counts, f.ds, currentHash) {
			want.UpdatedNumberScheduled++
		}
	}
	want.NumberUnavailable = want.DesiredNumberScheduled - want.NumberAvailable
	return want
}

// StatusDiff holds when the DaemonSet's status has observed its generation and
// says what ExpectedStatus does. No number is judged before the generation is
// observed. (DS-STA-001..008)
func StatusDiff(ds *appsv1.DaemonSet, nodes []*corev1.Node, pods []*corev1.Pod, currentHash string, now time.Time) error {
	return look(ds, nodes, pods).statusDiff(currentHash, now)
}

func (f *facts) statusDiff(currentHash string, now time.Time) error {
	ds, got := f.ds, f.ds.Status
	if got.ObservedGeneration < ds.Generation {
		return fmt.Errorf("the status of DaemonSet %s has observed generation %d, not yet %d", ds.Name, got.ObservedGeneration, ds.Generation)
	}
	want := f.status(currentHash, now)
	var wrong []string
	compare := func(field string, got, want int32) {
		if got != want {
			wrong = append(wrong, fmt.Sprintf("%s is %d, must be %d", field, got, want))
		}
	}
	compare("desiredNumberScheduled", got.DesiredNumberScheduled, want.DesiredNumberScheduled)
	compare("currentNumberScheduled", got.CurrentNumberScheduled, want.CurrentNumberScheduled)
	compare("numberMisscheduled", got.NumberMisscheduled, want.NumberMisscheduled)
	compare("numberReady", got.NumberReady, want.NumberReady)
	compare("updatedNumberScheduled", got.UpdatedNumberScheduled, want.UpdatedNumberScheduled)
	compare("numberAvailable", got.NumberAvailable, want.NumberAvailable)
	compare("numberUnavailable", got.NumberUnavailable, want.NumberUnavailable)
	if got.ObservedGeneration > ds.Generation {
		wrong = append(wrong, fmt.Sprintf("observedGeneration is %d, beyond generation %d", got.ObservedGeneration, ds.Generation))
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("the status of DaemonSet %s is not what nodes and pods say: %s", ds.Name, strings.Join(wrong, "; "))
}

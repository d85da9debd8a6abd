package placement

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
	stage "github.com/dsconform/dsconform/suites/internal/scene"
)

func TestPreempted(t *testing.T) {
	t.Parallel()
	disrupted := func(reason string, status corev1.ConditionStatus) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: status, Reason: reason}}
		}
	}
	victim := stage.Pod("victim", "a", "")
	for name, tc := range map[string]struct {
		last  *corev1.Pod
		wrong bool
	}{
		"by the scheduler": {stage.Pod("victim", "a", "", disrupted(corev1.PodReasonPreemptionByScheduler, corev1.ConditionTrue)), false},
		"taken back":       {stage.Pod("victim", "a", "", disrupted(corev1.PodReasonPreemptionByScheduler, corev1.ConditionFalse)), true},
		"by somebody else": {stage.Pod("victim", "a", "", disrupted("EvictionByEvictionAPI", corev1.ConditionTrue)), true},
		"another pod":      {stage.Pod("other", "a", "", disrupted(corev1.PodReasonPreemptionByScheduler, corev1.ConditionTrue)), true},
		"unmarked":         {stage.Pod("victim", "a", ""), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entries := stage.New().Added(victim.DeepCopy()).Modified(tc.last).Deleted(victim.DeepCopy()).Entries
			if err := preempted(entries, victim); (err != nil) != tc.wrong {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNominated(t *testing.T) {
	t.Parallel()
	on := func(node string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Status.NominatedNodeName = node }
	}
	foreign := stage.Pod("foreign", "b", "", on("b"))
	foreign.OwnerReferences = nil
	ds := stage.Set(1, "old")
	sc := stage.New().Added(ds, stage.Pod("a", "", ""), foreign)
	stage.Expect(t, nominated(sc.Entries, ds, "a"), "no pod was ever nominated")
	stage.Expect(t, nominated(sc.Modified(stage.Pod("a", "", "", on("a"))).Modified(stage.Pod("a", "a", "")).Entries, ds, "a"), "")
	stage.Expect(t, nominated(sc.Modified(stage.Pod("a", "", "", on("b"))).Entries, ds, "a"), "pod a was nominated for node b")
}

func TestFailedScheduling(t *testing.T) {
	t.Parallel()
	told := func(reason, message, pod string) *history.State {
		ev := &corev1.Event{Reason: reason, Message: message, InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: pod}}
		ev.Name, ev.Namespace = "event", stage.Space
		return history.Replay(stage.Space, []history.Entry{{Seq: 1, Kind: history.KindEvent, Change: history.Added, Namespace: stage.Space, Name: ev.Name, ResourceVersion: "1", Object: ev}})
	}
	pod := stage.Pod("late", "", "")
	stage.Expect(t, noFreePorts(told("FailedScheduling", "1 node(s) didn't have free ports for the requested pod ports", "late"), pod), "")
	stage.Expect(t, noFreePorts(told("FailedScheduling", "1 Insufficient cpu", "late"), pod), `has the word "ports"`)
	stage.Expect(t, noFreePorts(told("Scheduled", "ports", "late"), pod), "no event FailedScheduling")
	stage.Expect(t, noFreePorts(told("FailedScheduling", "ports", "early"), pod), "no event FailedScheduling")
}

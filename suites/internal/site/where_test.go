package site

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
)

func daemonSet(generation, observed int64, desired, current, misscheduled int32) *appsv1.DaemonSet {
	return &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "d", UID: "d", Generation: generation},
		Status: appsv1.DaemonSetStatus{ObservedGeneration: observed, DesiredNumberScheduled: desired,
			CurrentNumberScheduled: current, NumberMisscheduled: misscheduled},
	}
}

func pod(node, name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	yes := true
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID(name),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "d", UID: "d", Controller: &yes}}},
		Spec: corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{node}}}}}}}}},
	}
	for _, c := range changes {
		c(p)
	}
	return p
}

func terminating(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }
func failed(p *corev1.Pod)      { p.Status.Phase = corev1.PodFailed }
func foreign(p *corev1.Pod)     { p.OwnerReferences[0].UID = "another" }
func bound(p *corev1.Pod) {
	p.Spec.NodeName = p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchFields[0].Values[0]
}
func ready(p *corev1.Pod) {
	bound(p)
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
}

func state(ds *appsv1.DaemonSet, pods ...*corev1.Pod) *history.State {
	entries := []history.Entry{{Kind: history.KindDaemonSet, Change: history.Added, Namespace: "ns", Name: "d", Object: ds}}
	for _, p := range pods {
		entries = append(entries, history.Entry{Kind: history.KindPod, Change: history.Added, Namespace: "ns", Name: p.Name, UID: p.UID, Object: p})
	}
	return history.Replay("ns", entries)
}

func TestExactlyAndRunning(t *testing.T) {
	whole := daemonSet(1, 1, 2, 2, 0)
	for name, tc := range map[string]struct {
		state            *history.State
		exactly, running bool
	}{
		"bound and ready":           {state(whole, pod("a", "p", ready), pod("b", "q", ready)), true, true},
		"unbound":                   {state(whole, pod("a", "p"), pod("b", "q", ready)), true, false},
		"bound, not ready":          {state(whole, pod("a", "p", bound), pod("b", "q", ready)), true, false},
		"one missing":               {state(whole, pod("a", "p", ready)), false, false},
		"two on one":                {state(whole, pod("a", "p", ready), pod("a", "r", ready), pod("b", "q", ready)), false, false},
		"one elsewhere":             {state(whole, pod("a", "p", ready), pod("b", "q", ready), pod("c", "r", ready)), false, false},
		"one for no node":           {state(whole, pod("a", "p", ready), pod("b", "q", ready), pod("", "r")), false, false},
		"one terminating elsewhere": {state(whole, pod("a", "p", ready), pod("b", "q", ready), pod("c", "r", terminating)), true, true},
		"one terminating":           {state(whole, pod("a", "p", ready), pod("b", "q", terminating)), false, false},
		"one failed":                {state(whole, pod("a", "p", ready), pod("b", "q", failed)), false, false},
		"one of another owner":      {state(whole, pod("a", "p", ready), pod("b", "q", ready, foreign)), false, false},
		"foreign pods beside":       {state(whole, pod("a", "p", ready), pod("b", "q", ready), pod("a", "r", foreign)), true, true},
		"too few desired":           {state(daemonSet(1, 1, 1, 2, 0), pod("a", "p", ready), pod("b", "q", ready)), false, false},
		"too few current":           {state(daemonSet(1, 1, 2, 1, 0), pod("a", "p", ready), pod("b", "q", ready)), false, false},
		"misscheduled":              {state(daemonSet(1, 1, 2, 2, 1), pod("a", "p", ready), pod("b", "q", ready)), false, false},
		"status of before":          {state(daemonSet(1, 0, 2, 2, 0), pod("a", "p", ready), pod("b", "q", ready)), false, false},
	} {
		if err := Exactly(whole, "a", "b")(tc.state); (err == nil) != tc.exactly {
			t.Errorf("%s: Exactly gives %v, want it to hold: %t", name, err, tc.exactly)
		}
		if err := Running(whole, "a", "b")(tc.state); (err == nil) != tc.running {
			t.Errorf("%s: Running gives %v, want it to hold: %t", name, err, tc.running)
		}
	}
}

func TestExactlyNowhere(t *testing.T) {
	if err := Exactly(daemonSet(1, 1, 0, 0, 0))(state(daemonSet(1, 1, 0, 0, 0))); err != nil {
		t.Error(err)
	}
	if Exactly(daemonSet(1, 1, 0, 0, 0))(state(daemonSet(1, 0, 0, 0, 0))) == nil {
		t.Error("a status that nobody has written passes")
	}
	if Exactly(daemonSet(2, 2, 0, 0, 0))(state(daemonSet(1, 1, 0, 0, 0))) == nil {
		t.Error("the generation before the spec's change passes")
	}
}

func TestSameAndGone(t *testing.T) {
	was := pod("a", "p")
	for name, tc := range map[string]struct {
		state      *history.State
		same, gone bool
	}{
		"still there": {state(daemonSet(1, 1, 1, 1, 0), pod("a", "p", ready)), true, false},
		"terminating": {state(daemonSet(1, 1, 1, 1, 0), pod("a", "p", terminating)), false, false},
		"failed":      {state(daemonSet(1, 1, 1, 1, 0), pod("a", "p", failed)), false, false},
		"removed":     {state(daemonSet(1, 1, 1, 1, 0)), false, true},
		"recreated":   {state(daemonSet(1, 1, 1, 1, 0), pod("a", "p", func(p *corev1.Pod) { p.UID = "new" })), false, true},
	} {
		if err := Same(was)(tc.state); (err == nil) != tc.same {
			t.Errorf("%s: Same gives %v, want it to hold: %t", name, err, tc.same)
		}
		if err := Gone(was)(tc.state); (err == nil) != tc.gone {
			t.Errorf("%s: Gone gives %v, want it to hold: %t", name, err, tc.gone)
		}
	}
}

func TestWhatIsSaid(t *testing.T) {
	err := Pods(daemonSet(1, 1, 2, 2, 0), "a", "b")(state(daemonSet(1, 1, 2, 2, 0), pod("a", "p"), pod("c", "r")))
	for _, word := range []string{"DaemonSet d", "node b has 0 live pods", `node "c" has pod r`} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the error %v does not say %q", err, word)
		}
	}
}

func TestCreated(t *testing.T) {
	entries := []history.Entry{
		{Seq: 1, Kind: history.KindPod, Change: history.Listed, ResourceVersion: "1", Object: pod("a", "listed")},
		{Seq: 2, Kind: history.KindPod, Change: history.Added, ResourceVersion: "9", Object: pod("b", "second")},
		{Seq: 3, Kind: history.KindPod, Change: history.Added, ResourceVersion: "5", Object: pod("a", "first")},
		{Seq: 4, Kind: history.KindPod, Change: history.Modified, ResourceVersion: "10", Object: pod("a", "first", bound)},
		{Seq: 5, Kind: history.KindPod, Change: history.Added, ResourceVersion: "11", Object: pod("a", "foreign", foreign)},
	}
	var names []string
	for _, p := range Created(entries, daemonSet(1, 1, 1, 1, 0)) {
		names = append(names, p.Name)
	}
	if strings.Join(names, " ") != "first second" {
		t.Errorf("created: %v, want first and second", names)
	}
}

func TestTainted(t *testing.T) {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}, Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: "k", Effect: corev1.TaintEffectNoSchedule}}}}
	s := history.Replay("ns", []history.Entry{{Kind: history.KindNode, Change: history.Added, Name: "n", Object: n}})
	if err := Tainted("n", "k", corev1.TaintEffectNoSchedule)(s); err != nil {
		t.Error(err)
	}
	for _, c := range []Condition{
		Tainted("n", "k", corev1.TaintEffectNoExecute), Tainted("n", "l", corev1.TaintEffectNoSchedule), Tainted("m", "k", corev1.TaintEffectNoSchedule),
	} {
		if c(s) == nil {
			t.Error("a taint that is not there passes")
		}
	}
}

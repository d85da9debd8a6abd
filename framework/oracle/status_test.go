package oracle

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// podOn is a bound pod of the DaemonSet, of revision "new", as the controller makes it.
func podOn(node, name string, edit ...func(*corev1.Pod)) *corev1.Pod {
	yes := true
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "spec", Name: name, GenerateName: "agent-", UID: types.UID("uid-" + name), CreationTimestamp: metav1.NewTime(now.Add(-time.Minute)),
		Labels: map[string]string{"app": "agent", appsv1.ControllerRevisionHashLabelKey: "new"},
		OwnerReferences: []metav1.OwnerReference{{
			APIVersion: "apps/v1", Kind: "DaemonSet", Name: "agent", UID: "U", Controller: &yes, BlockOwnerDeletion: &yes,
		}},
	}}
	require2 := corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{is("metadata.name", "In", node)}}}}
	p.Spec = corev1.PodSpec{
		NodeName:    node,
		Affinity:    &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &require2}},
		Tolerations: AutoTolerations(daemonSet()),
		Containers:  []corev1.Container{{Name: "agent", Image: "agent:v1"}},
	}
	p.Status.Phase = corev1.PodRunning
	for _, e := range edit {
		e(p)
	}
	return p
}

func ready(ago time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(now.Add(-ago))}}
	}
}

func terminating(p *corev1.Pod) { at := metav1.NewTime(now); p.DeletionTimestamp = &at }
func unbound(p *corev1.Pod)     { p.Spec.NodeName = "" }
func born(ago time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.CreationTimestamp = metav1.NewTime(now.Add(-ago)) }
}
func hashed(h string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels[appsv1.ControllerRevisionHashLabelKey] = h }
}
func phase(ph corev1.PodPhase) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.Phase = ph }
}

func TestTargetNode(t *testing.T) {
	two := podOn("n", "p", unbound)
	two.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchFields[0].Values = []string{"n", "m"}
	bare := podOn("n", "p", unbound, func(p *corev1.Pod) { p.Spec.Affinity = nil })
	for name, tc := range map[string]struct {
		pod  *corev1.Pod
		want string
	}{
		"bound": {podOn("n", "p", func(p *corev1.Pod) { p.Spec.Affinity = nil }), "n"}, "pinned": {podOn("n", "p", unbound), "n"}, "pinned to two": {two, ""}, "bare": {bare, ""},
	} {
		if got := TargetNode(tc.pod); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

func TestAvailable(t *testing.T) {
	zero := podOn("n", "p", ready(0), func(p *corev1.Pod) { p.Status.Conditions[0].LastTransitionTime = metav1.Time{} })
	for name, tc := range map[string]struct {
		pod  *corev1.Pod
		min  int32
		ok   bool
		wait time.Duration
	}{
		"not ready":                {podOn("n", "p"), 0, false, 0},
		"ready":                    {podOn("n", "p", ready(0)), 0, true, 0},
		"ready, not long enough":   {podOn("n", "p", ready(4*time.Second)), 10, false, 6 * time.Second},
		"ready, just long enough":  {podOn("n", "p", ready(10*time.Second)), 10, true, 0},
		"ready since nobody knows": {zero, 10, false, 0},
		"the same, no minimum":     {zero, 0, true, 0},
		"ready in the future":      {podOn("n", "p", ready(-5*time.Second)), 10, false, 15 * time.Second},
	} {
		ok, at := Available(tc.pod, tc.min, now)
		if ok != tc.ok || (tc.wait == 0) != at.IsZero() || tc.wait != 0 && at.Sub(now) != tc.wait {
			t.Errorf("%s: got %v, %v", name, ok, at)
		}
	}
}

func TestUpdatedByHashOrGeneration(t *testing.T) {
	gen := func(g string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Labels["pod-template-generation"] = g }
	}
	for name, tc := range map[string]struct {
		pod  *corev1.Pod
		want bool
	}{
		"hash": {podOn("n", "p"), true}, "stale hash": {podOn("n", "p", hashed("old")), false},
		"stale hash, same generation":    {podOn("n", "p", hashed("old"), gen("1")), true},
		"stale hash, another generation": {podOn("n", "p", hashed("old"), gen("2")), false},
		"hash, another generation":       {podOn("n", "p", gen("2")), true},
	} {
		if got := Updated(tc.pod, daemonSet(), "new"); got != tc.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestExpectedStatus(t *testing.T) {
	nodes := []*corev1.Node{node("a", nil), node("b", nil), node("c", nil, taint("x", "", "NoSchedule"))}
	type n struct{ desired, current, mis, ready, updated, available int32 }
	for name, tc := range map[string]struct {
		pods []*corev1.Pod
		want n
	}{
		"none":                                  {nil, n{2, 0, 0, 0, 0, 0}},
		"unbound counts as current":             {[]*corev1.Pod{podOn("a", "p", unbound)}, n{2, 1, 0, 0, 1, 0}},
		"terminating counts as current":         {[]*corev1.Pod{podOn("a", "p", terminating, ready(time.Hour))}, n{2, 1, 0, 1, 1, 1}},
		"finished and terminating does not":     {[]*corev1.Pod{podOn("a", "p", terminating, phase("Failed"))}, n{2, 0, 0, 0, 0, 0}},
		"finished, not terminating does":        {[]*corev1.Pod{podOn("a", "p", phase("Failed"))}, n{2, 1, 0, 0, 1, 0}},
		"misscheduled":                          {[]*corev1.Pod{podOn("c", "p", ready(time.Hour))}, n{2, 0, 1, 0, 0, 0}},
		"of no node":                            {[]*corev1.Pod{podOn("a", "p", unbound, func(p *corev1.Pod) { p.Spec.Affinity = nil })}, n{2, 0, 0, 0, 0, 0}},
		"of a node that is gone":                {[]*corev1.Pod{podOn("z", "p", ready(time.Hour))}, n{2, 0, 0, 0, 0, 0}},
		"surge: the older one counts":           {[]*corev1.Pod{podOn("a", "new", born(time.Second)), podOn("a", "old", hashed("old"), born(time.Hour), ready(time.Hour))}, n{2, 1, 0, 1, 0, 1}},
		"surge: bound counts before older":      {[]*corev1.Pod{podOn("a", "new", born(time.Second), ready(time.Hour)), podOn("a", "old", unbound, hashed("old"), born(time.Hour))}, n{2, 1, 0, 1, 1, 1}},
		"ready but not available":               {[]*corev1.Pod{podOn("a", "p", ready(time.Second)), podOn("b", "q", ready(time.Hour))}, n{2, 2, 0, 2, 2, 1}},
		"same age and bound: by name, q is not": {[]*corev1.Pod{podOn("a", "q", hashed("old")), podOn("a", "p")}, n{2, 1, 0, 0, 1, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			ds := daemonSet(func(d *appsv1.DaemonSet) { d.Spec.MinReadySeconds = 10; d.Generation = 7 })
			got := ExpectedStatus(ds, nodes, tc.pods, "new", now)
			have := n{got.DesiredNumberScheduled, got.CurrentNumberScheduled, got.NumberMisscheduled, got.NumberReady, got.UpdatedNumberScheduled, got.NumberAvailable}
			if have != tc.want || got.NumberUnavailable != tc.want.desired-tc.want.available || got.ObservedGeneration != 7 {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestStatusDiff(t *testing.T) {
	nodes, pods := []*corev1.Node{node("a", nil)}, []*corev1.Pod{podOn("a", "p", ready(time.Hour))}
	right := appsv1.DaemonSetStatus{ObservedGeneration: 1, DesiredNumberScheduled: 1, CurrentNumberScheduled: 1, NumberReady: 1, UpdatedNumberScheduled: 1, NumberAvailable: 1}
	for name, tc := range map[string]struct {
		edit func(*appsv1.DaemonSetStatus)
		want string
	}{
		"right":        {func(*appsv1.DaemonSetStatus) {}, ""},
		"not observed": {func(s *appsv1.DaemonSetStatus) { s.ObservedGeneration = 0; s.DesiredNumberScheduled = 99 }, "has observed generation 0, not yet 1"},
		"beyond":       {func(s *appsv1.DaemonSetStatus) { s.ObservedGeneration = 2 }, "beyond generation 1"},
		"desired":      {func(s *appsv1.DaemonSetStatus) { s.DesiredNumberScheduled = 3 }, "desiredNumberScheduled is 3, must be 1"},
		"current":      {func(s *appsv1.DaemonSetStatus) { s.CurrentNumberScheduled = 0 }, "currentNumberScheduled is 0, must be 1"},
		"misscheduled": {func(s *appsv1.DaemonSetStatus) { s.NumberMisscheduled = 1 }, "numberMisscheduled is 1, must be 0"},
		"ready":        {func(s *appsv1.DaemonSetStatus) { s.NumberReady = 0 }, "numberReady is 0, must be 1"},
		"updated":      {func(s *appsv1.DaemonSetStatus) { s.UpdatedNumberScheduled = 0 }, "updatedNumberScheduled is 0, must be 1"},
		"available":    {func(s *appsv1.DaemonSetStatus) { s.NumberAvailable = 0 }, "numberAvailable is 0, must be 1"},
		"unavailable":  {func(s *appsv1.DaemonSetStatus) { s.NumberUnavailable = 1 }, "numberUnavailable is 1, must be 0"},
	} {
		t.Run(name, func(t *testing.T) {
			ds := daemonSet()
			ds.Status = right
			tc.edit(&ds.Status)
			wantErr(t, StatusDiff(ds, nodes, pods, "new", now), tc.want)
		})
	}
}

func wantErr(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("unexpected: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want %q", err, want)
	}
}

// picture makes a State of the objects at now.
func picture(objects ...runtime.Object) *history.State {
	s := history.NewState("spec")
	for _, o := range objects {
		e := history.Entry{Time: now, Change: history.Added, Object: o}
		m := o.(metav1.Object)
		e.Namespace, e.Name, e.UID = m.GetNamespace(), m.GetName(), m.GetUID()
		s.Apply(e)
	}
	return s
}

func TestPlacement(t *testing.T) {
	ds := daemonSet()
	base := []runtime.Object{ds, node("a", nil), node("b", nil), node("k", nil, taint("x", "", "NoSchedule")), node("x", nil, taint("x", "", "NoExecute"))}
	ok := []*corev1.Pod{podOn("a", "pa"), podOn("b", "pb", unbound)}
	for name, tc := range map[string]struct {
		pods []*corev1.Pod
		want string
	}{
		"right":                              {nil, ""},
		"kept on a NoSchedule node":          {[]*corev1.Pod{podOn("k", "pk")}, ""},
		"two kept there":                     {[]*corev1.Pod{podOn("k", "pk"), podOn("k", "pl")}, "node k has 2 pods"},
		"on a NoExecute node":                {[]*corev1.Pod{podOn("x", "px")}, "node x must have no pod but has px (it has taint x:NoExecute"},
		"a second one":                       {[]*corev1.Pod{podOn("a", "pz")}, "node a has 2 pods instead of one: pa, pz"},
		"a second one that is terminating":   {[]*corev1.Pod{podOn("a", "pz", terminating)}, ""},
		"a second one that failed":           {[]*corev1.Pod{podOn("a", "pz", phase("Failed"))}, ""},
		"for a node that is gone":            {[]*corev1.Pod{podOn("z", "pz")}, "node z does not exist"},
		"of another owner":                   {[]*corev1.Pod{podOn("a", "pz", func(p *corev1.Pod) { p.OwnerReferences[0].UID = "V" })}, ""},
		"the pod of a node only terminating": {[]*corev1.Pod{podOn("b", "pb", terminating)}, "node b lacks its pod (it matches"},
	} {
		t.Run(name, func(t *testing.T) {
			s := picture(base...)
			for _, p := range append(ok[:2:2], tc.pods...) {
				s.Apply(history.Entry{Change: history.Added, Namespace: "spec", Name: p.Name, Object: p})
			}
			wantErr(t, Placement(s, ds), tc.want)
		})
	}
	wantErr(t, Placement(picture(base...), daemonSet(func(d *appsv1.DaemonSet) { d.Generation = 2 })), "not yet at 2")
	wantErr(t, Placement(picture(base...), daemonSet(func(d *appsv1.DaemonSet) { d.UID = "V" })), "another one than expected")
	wantErr(t, Placement(picture(), ds), "not in the log")
	many := picture(ds)
	for _, n := range "abcdefgh" {
		many.Apply(history.Entry{Change: history.Added, Name: string(n), Object: node(string(n), nil)})
	}
	wantErr(t, Placement(many, ds), "and 3 more")
}

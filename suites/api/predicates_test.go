package api

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/scene"
)

func TestNoneNamed(t *testing.T) {
	t.Parallel()
	entries := scene.New().Added(scene.Set(1, "old"), scene.Pod("agent-1", "a", "old")).Entries
	scene.Expect(t, noneNamed("ghost", entries), "")
	scene.Expect(t, noneNamed("agent", entries), "entry")
	scene.Expect(t, noneNamed("agent-", entries), "agent-1")
	scene.Expect(t, noneNamed("ghost", []history.Entry{{Kind: history.KindAction, Name: "ghost"}}), "")
}

func TestHasRevision(t *testing.T) {
	t.Parallel()
	ds := scene.Set(1, "old")
	sc := scene.New().Added(ds)
	scene.Expect(t, hasRevision(ds)(sc.State()), "DaemonSet agent has no ControllerRevision")
	scene.Expect(t, hasRevision(ds)(sc.Added(scene.Revision(1, "old")).State()), "")
}

func TestLists(t *testing.T) {
	t.Parallel()
	served := []metav1.APIResource{{Name: "daemonsets", Kind: "DaemonSet", Namespaced: true}, {Name: "daemonsets/status", Kind: "Other", Namespaced: true}}
	scene.Expect(t, lists(served, "daemonsets"), "")
	scene.Expect(t, lists(served, "daemonsets", "daemonsets/status"), "daemonsets/status of kind DaemonSet")
	scene.Expect(t, lists(nil, "daemonsets"), "no namespaced resource daemonsets")
}

func TestTakenOver(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change fleet.Change
		want   bool
	}{
		"claimed": {claimed, true},
		"true":    {func(ds *appsv1.DaemonSet) { ds.Status.ObservedGeneration = 1 }, false},
		"the condition alone": {func(ds *appsv1.DaemonSet) {
			claimed(ds)
			ds.Status = appsv1.DaemonSetStatus{Conditions: ds.Status.Conditions}
		}, true},
		"another condition": {func(ds *appsv1.DaemonSet) { ds.Status.Conditions = []appsv1.DaemonSetCondition{{Type: "Written"}} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ds := scene.Set(1, "old")
			tc.change(ds)
			if got := takenOver(ds); got != tc.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

package resilience

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
)

func set(name string) *appsv1.DaemonSet {
	return &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns", UID: types.UID("uid-" + name), Generation: 1}}
}

func entry(seq int64, kind history.Kind, change history.Change, o runtime.Object) history.Entry {
	m, _ := o.(metav1.Object)
	return history.Entry{Seq: seq, Kind: kind, Change: change, Object: o, Namespace: "ns", Name: m.GetName(), UID: m.GetUID()}
}

func TestUntouched(t *testing.T) {
	t.Parallel()
	ds := set("agent")
	owned := metav1.ObjectMeta{Name: "agent-1", Namespace: "ns", OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(ds, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))}}
	pod := &corev1.Pod{ObjectMeta: owned}
	marked := pod.DeepCopy()
	now := metav1.Now()
	marked.DeletionTimestamp = &now
	foreign := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "foreign", Namespace: "ns"}}
	revision := &appsv1.ControllerRevision{ObjectMeta: owned}
	for name, tc := range map[string]struct {
		en    history.Entry
		wrong bool
	}{
		"before":                 {entry(3, history.KindPod, history.Added, pod), false},
		"a pod made":             {entry(5, history.KindPod, history.Added, pod), true},
		"a pod's status":         {entry(5, history.KindPod, history.Modified, pod), false},
		"a pod marked":           {entry(5, history.KindPod, history.Modified, marked), true},
		"a pod deleted":          {entry(5, history.KindPod, history.Deleted, pod), true},
		"a foreign pod":          {entry(5, history.KindPod, history.Added, foreign), false},
		"a revision made":        {entry(5, history.KindControllerRevision, history.Added, revision), true},
		"a revision rewritten":   {entry(5, history.KindControllerRevision, history.Modified, revision), false},
		"the DaemonSet's status": {entry(5, history.KindDaemonSet, history.Modified, ds), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := untouched(ds, 4)([]history.Entry{tc.en}); (err != nil) != tc.wrong {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestUnobserved(t *testing.T) {
	t.Parallel()
	fresh, seen := set("fresh"), set("seen")
	seen.Status.ObservedGeneration = 1
	s := history.Replay("ns", []history.Entry{
		entry(1, history.KindDaemonSet, history.Added, fresh), entry(2, history.KindDaemonSet, history.Added, seen),
	})
	if err := unobserved(s, "fresh"); err != nil {
		t.Error(err)
	}
	if err := unobserved(s, "seen"); err == nil || !strings.Contains(err.Error(), "another controller") {
		t.Errorf("got %v", err)
	}
	if err := unobserved(s, "none"); err == nil {
		t.Error("a DaemonSet that is not there is unobserved")
	}
}

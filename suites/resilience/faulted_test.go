package resilience

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/scene"
)

func podOn(ds *appsv1.DaemonSet, pod, node string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: pod, Namespace: "ns", UID: types.UID("uid-" + pod),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(ds, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))},
		},
		Spec: corev1.PodSpec{NodeName: node},
	}
}

func TestTwoPodsOfOneNodeAreSeen(t *testing.T) {
	t.Parallel()
	ds := set(name)
	first, second, other := podOn(ds, "a", "n1"), podOn(ds, "b", "n1"), podOn(ds, "c", "n2")
	log := []history.Entry{
		entry(1, history.KindDaemonSet, history.Added, ds), entry(2, history.KindPod, history.Added, first), entry(3, history.KindPod, history.Added, other),
	}
	judge := single(ds, []string{"n1", "n2"})
	if err := judge(history.Replay("ns", log), history.Entry{}); err != nil {
		t.Error(err)
	}
	if err := hasOne(ds, "n1")(history.Replay("ns", log)); err != nil {
		t.Error(err)
	}
	log = append(log, entry(4, history.KindPod, history.Added, second))
	if err := judge(history.Replay("ns", log), history.Entry{}); err == nil {
		t.Error("two pods on one node pass")
	}
	if err := hasOne(ds, "n1")(history.Replay("ns", log)); err == nil {
		t.Error("two pods are taken for one")
	}
	if err := hasOne(ds, "n3")(history.Replay("ns", log)); err == nil {
		t.Error("no pod is taken for one")
	}
}

func TestUnseen(t *testing.T) {
	t.Parallel()
	ds := set(name)
	ds.Status.ObservedGeneration = 1
	owned := func(revision string) *appsv1.ControllerRevision {
		return &appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{
			Name: revision, Namespace: "ns", UID: types.UID(revision),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(ds, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))},
		}}
	}
	log := []history.Entry{
		entry(1, history.KindDaemonSet, history.Added, ds), entry(2, history.KindControllerRevision, history.Added, owned("one")),
	}
	if err := unseen(2)(history.Replay("ns", log)); err != nil {
		t.Error(err)
	}
	if err := unseen(1)(history.Replay("ns", log)); err == nil {
		t.Error("an observed generation is unseen")
	}
	log = append(log, entry(3, history.KindControllerRevision, history.Added, owned("two")))
	if err := unseen(2)(history.Replay("ns", log)); err == nil {
		t.Error("a generation with a revision is unseen")
	}
}

func TestNoneTerminates(t *testing.T) {
	t.Parallel()
	sc := scene.New().Added(scene.Set(1, "r"), scene.Pod("a", "n", "r"))
	stands := noneTerminates(scene.Set(1, "r"))
	scene.Expect(t, stands(sc.State()), "")
	scene.Expect(t, stands(sc.Modified(scene.Pod("a", "n", "r", scene.Terminating)).State()), "pod a still terminates")
	scene.Expect(t, stands(sc.Deleted(scene.Pod("a", "n", "r")).State()), "")
}

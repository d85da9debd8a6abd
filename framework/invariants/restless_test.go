package invariants

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestRestlessNamesWhoKeepsWriting(t *testing.T) {
	s := newScene(t)
	s.up()
	s.ds.ManagedFields = []metav1.ManagedFieldsEntry{wrote("kube-controller-manager", "status", s.now), wrote("noisy", "status", s.now)}
	s.converged()
	s.pass(time.Minute)
	since := s.now
	for i := range 3 {
		s.pass(2 * time.Second)
		s.ds.ManagedFields[1] = wrote("noisy", "status", s.now)
		s.status(func(st *appsv1.DaemonSetStatus) { st.NumberMisscheduled = int32(i) })
	}
	s.modify("a-v1", func(p *corev1.Pod) { p.ManagedFields = []metav1.ManagedFieldsEntry{wrote("kubelet", "status", s.now)} })
	got := Restless(s.entries, "spec", since)
	if len(got) != 2 || got[0].Writer != `manager "noisy" (status)` || got[0].Count != 3 || got[0].Name != "agent" || got[0].OfTheNode {
		t.Fatalf("got %v", got)
	}
	if !got[1].OfTheNode || got[1].Count != 1 || got[1].Name != "a-v1" {
		t.Errorf("got %v", got[1])
	}
}

package invariants

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
)

// claim writes a status with the numbers: desired, current, updated, ready, available.
func (s *scene) claim(desired, current, updated, ready, available int32) {
	s.status(func(st *appsv1.DaemonSetStatus) {
		st.ObservedGeneration = s.ds.Generation
		st.DesiredNumberScheduled, st.CurrentNumberScheduled, st.UpdatedNumberScheduled = desired, current, updated
		st.NumberReady, st.NumberAvailable, st.NumberUnavailable = ready, available, desired-available
	})
}

func TestStatusTruth(t *testing.T) {
	minReady := func(ds *appsv1.DaemonSet) { ds.Spec.MinReadySeconds = 30 }
	t.Run("a whole rollout", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.roll("v2", 2)
		s.claim(3, 3, 0, 3, 3)
		for i, n := range []string{"a", "b", "c"} {
			s.replace(n, "v1", "v2")
			s.claim(3, 3, int32(i)+1, 3, 3)
			s.pass(Lag + time.Second)
		}
		s.converged()
		s.holds()
	})
	t.Run("desired counts a node that is not eligible", func(t *testing.T) {
		s := newScene(t)
		s.taint("c", "closed", corev1.TaintEffectNoSchedule)
		s.pass(Lag + time.Second)
		s.claim(3, 0, 0, 0, 0)
		s.breaks("status-truth", "desired is 3, not 2")
	})
	t.Run("a node is leased just before the log begins", func(t *testing.T) {
		s := newScene(t)
		s.claim(2, 0, 0, 0, 0)
		s.holds()
		s.pass(Lag + time.Second)
		s.claim(1, 0, 0, 0, 0)
		s.breaks("status-truth", "desired is 1, not 3")
	})
	t.Run("desired may trail a taint", func(t *testing.T) {
		s := newScene(t)
		s.taint("c", "closed", corev1.TaintEffectNoSchedule)
		s.claim(3, 0, 0, 0, 0)
		s.holds()
	})
	t.Run("updated is counted as current", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.pass(Lag + time.Second)
		s.roll("v2", 2)
		s.pass(Lag + time.Second)
		s.claim(3, 3, 3, 3, 3)
		s.breaks("status-truth", "updated is 3, not 0")
	})
	t.Run("ready is counted as available", func(t *testing.T) {
		s := newScene(t, minReady)
		s.create("a", "a-v1")
		s.ready("a-v1")
		s.pass(time.Second)
		s.claim(3, 1, 1, 1, 1)
		s.breaks("status-truth", "available is 1, not 0")
	})
	t.Run("a pod becomes available by time alone", func(t *testing.T) {
		s := newScene(t, minReady)
		s.create("a", "a-v1")
		s.ready("a-v1")
		s.pass(31 * time.Second)
		s.claim(3, 1, 1, 1, 1)
		s.readiness("a-v1", corev1.ConditionFalse)
		s.claim(3, 1, 1, 1, 1) // It does not know yet.
		s.holds()
		s.pass(Lag + time.Second)
		s.claim(3, 1, 1, 1, 1)
		s.holds()
		s.claim(3, 1, 0, 1, 1)
		s.breaks("status-truth", "ready is 1, not 0; available is 1, not 0; updated is 0, not 1")
	})
	t.Run("a second pod of a node is counted", func(t *testing.T) {
		s := newScene(t, surge(1))
		s.up()
		s.roll("v2", 2)
		s.pass(Lag + time.Second)
		s.create("a", "a-v2")
		s.ready("a-v2")
		s.claim(3, 3, 1, 3, 3)
		s.breaks("status-truth", "updated is 1, not 0")
	})
	t.Run("a pod that stays is missed", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.pass(Lag + time.Second)
		s.claim(3, 3, 3, 3, 2)
		s.breaks("status-truth", "available is 2, not 3")
	})
	t.Run("misscheduled is forgotten", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.taint("c", "closed", corev1.TaintEffectNoSchedule)
		s.pass(Lag + time.Second)
		s.claim(2, 2, 2, 2, 2)
		s.breaks("status-truth", "misscheduled is 0, not 1")
	})
	t.Run("a node that has left holds no pod astray", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.put(history.KindNode, history.Deleted, s.nodes["c"])
		s.pass(Lag + time.Second)
		s.claim(2, 2, 2, 2, 2)
		s.holds()
	})
	t.Run("a foreign condition is no count", func(t *testing.T) {
		s := newScene(t)
		s.taint("c", "closed", corev1.TaintEffectNoSchedule)
		s.claim(3, 0, 0, 0, 0)
		s.pass(Lag + time.Second)
		s.status(func(st *appsv1.DaemonSetStatus) { st.Conditions = []appsv1.DaemonSetCondition{{Type: "Foreign"}} })
		s.holds()
	})
	t.Run("a controller that was tampered with", func(t *testing.T) {
		s := newScene(t)
		s.act("sets the fault pods-frozen", "Controller", nil)
		s.claim(3, 3, 3, 3, 3)
		s.holds()
	})
}

func TestDaemonSetLeftAlone(t *testing.T) {
	wrote := func(s *scene, manager, subresource string) {
		at := metav1.NewTime(s.now)
		s.ds.ManagedFields = append(s.ds.ManagedFields, metav1.ManagedFieldsEntry{Manager: manager, Subresource: subresource, Operation: metav1.ManagedFieldsOperationUpdate, Time: &at})
		s.put(history.KindDaemonSet, history.Modified, s.ds)
	}
	s := newScene(t)
	wrote(s, "daemon-controller", "status")
	wrote(s, "dsconform", "")
	wrote(s, "dsconform", "status")
	wrote(s, "kubectl-patch", "status")
	wrote(s, "kubectl-patch", "")
	wrote(s, "gitops", "")
	s.holds()
	wrote(s, "daemon-controller", "")
	s.breaks("daemonset-left-alone", `manager "daemon-controller", which writes the status of DaemonSet agent, wrote to the DaemonSet itself`)
}

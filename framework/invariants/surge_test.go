package invariants

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
)

func TestSurgeKeepsTheOldPodUntilTheNewOneIsAvailable(t *testing.T) {
	const id = "max-unavailable"
	surging := func(t *testing.T, minReady int32) *scene {
		s := newScene(t, surge(1), func(ds *appsv1.DaemonSet) { ds.Spec.MinReadySeconds = minReady })
		s.up()
		s.pass(time.Minute)
		s.converged()
		s.roll("v2", 2)
		s.create("a", "a-v2")
		return s
	}
	t.Run("before it is ready", func(t *testing.T) {
		s := surging(t, 0)
		s.remove("a-v1")
		s.breaks(id, "pod a-v1 was deleted from node a")
	})
	t.Run("ready, but not for minReadySeconds", func(t *testing.T) {
		s := surging(t, 10)
		s.ready("a-v2")
		s.pass(5 * time.Second)
		s.remove("a-v1")
		s.breaks(id, "pod a-v1 was deleted from node a")
	})
	t.Run("available", func(t *testing.T) {
		s := surging(t, 10)
		s.ready("a-v2")
		s.pass(10 * time.Second)
		s.remove("a-v1")
		s.holds()
	})
	t.Run("the old one turned unready", func(t *testing.T) {
		s := surging(t, 0)
		s.readiness("a-v1", corev1.ConditionFalse)
		s.remove("a-v1")
		s.holds()
	})
	t.Run("the new one was available until a moment ago", func(t *testing.T) {
		s := surging(t, 0)
		s.ready("a-v2")
		s.readiness("a-v2", corev1.ConditionFalse)
		s.remove("a-v1")
		s.holds()
	})
	t.Run("surge was switched off: one of the two must go", func(t *testing.T) {
		s := surging(t, 0)
		s.edit(unavailable("1"))
		s.remove("a-v2")
		s.holds()
	})
}

func TestMaxSurge(t *testing.T) {
	const id = "max-surge"
	surging := func(t *testing.T, n int) *scene {
		s := newScene(t, surge(n))
		s.up()
		s.roll("v2", 2)
		return s
	}
	t.Run("one too many", func(t *testing.T) {
		s := surging(t, 1)
		s.create("a", "a-v2")
		s.create("b", "b-v2")
		s.breaks(id, "pod b-v2 was created on node b beside an available old pod, as on 2 nodes at once (a, b), and maxSurge allows 1")
	})
	t.Run("as many as allowed", func(t *testing.T) {
		s := surging(t, 2)
		s.create("a", "a-v2")
		s.create("b", "b-v2")
		s.holds()
	})
	t.Run("beside an unavailable old pod it is free", func(t *testing.T) {
		s := surging(t, 1)
		s.readiness("b-v1", corev1.ConditionFalse)
		s.create("a", "a-v2")
		s.create("b", "b-v2")
		s.holds()
	})
	t.Run("an available new pod no longer counts", func(t *testing.T) {
		s := surging(t, 1)
		s.create("a", "a-v2")
		s.ready("a-v2")
		s.create("b", "b-v2")
		s.holds()
	})
	t.Run("nor does one whose old pod is on its way out", func(t *testing.T) {
		s := surging(t, 1)
		s.act("deletes Pod", history.KindPod, s.pods["a-v1"])
		s.remove("a-v1")
		s.create("a", "a-v2")
		s.create("b", "b-v2")
		s.holds()
	})
	t.Run("an old pod never seen available", func(t *testing.T) {
		s := newScene(t, surge(1))
		for _, n := range []string{"a", "b", "c"} {
			s.create(n, n+"-v1")
			s.ready(n + "-v1")
		}
		s.roll("v2", 2)
		s.create("a", "a-v2")
		s.create("b", "b-v2")
		s.holds()
	})
}

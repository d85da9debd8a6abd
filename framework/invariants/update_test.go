package invariants

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
)

func TestWholeRolloutsHold(t *testing.T) {
	t.Run("one by one", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.roll("v2", 2)
		for _, n := range []string{"a", "b", "c"} {
			s.replace(n, "v1", "v2")
		}
		s.converged()
		s.holds()
	})
	t.Run("two at a time", func(t *testing.T) {
		s := newScene(t, unavailable("50%"))
		s.up()
		s.roll("v2", 2)
		s.remove("a-v1")
		s.remove("b-v1")
		s.gone("a-v1")
		s.create("a", "a-v2")
		s.gone("b-v1")
		s.create("b", "b-v2")
		s.ready("b-v2")
		s.remove("c-v1")
		s.holds()
	})
	t.Run("surge", func(t *testing.T) {
		s := newScene(t, surge(1))
		s.up()
		s.roll("v2", 2)
		for _, n := range []string{"a", "b", "c"} {
			s.create(n, n+"-v2")
			s.ready(n + "-v2")
			s.remove(n + "-v1")
			s.gone(n + "-v1")
		}
		s.converged()
		s.holds()
	})
}

func TestMaxUnavailable(t *testing.T) {
	rolling := func(t *testing.T, edit ...func(*appsv1.DaemonSet)) *scene {
		s := newScene(t, edit...)
		s.up()
		s.roll("v2", 2)
		return s
	}
	const id = "max-unavailable"
	t.Run("two at once with one allowed", func(t *testing.T) {
		s := rolling(t)
		s.remove("a-v1")
		s.remove("b-v1")
		s.breaks(id, "available pod b-v1 was deleted from node b, which leaves 2 of 3 eligible nodes without an available pod (a, b), and maxUnavailable allows 1")
	})
	t.Run("the next one before the new one is ready", func(t *testing.T) {
		s := rolling(t)
		s.remove("a-v1")
		s.gone("a-v1")
		s.create("a", "a-v2")
		s.remove("b-v1")
		s.breaks(id, "(a, b)")
	})
	t.Run("the next one before the new one is even made", func(t *testing.T) {
		s := rolling(t)
		s.remove("a-v1")
		s.gone("a-v1")
		s.pass(5 * time.Second)
		s.remove("b-v1")
		s.breaks(id, "(a, b)")
	})
	t.Run("the next one before minReadySeconds are over", func(t *testing.T) {
		s := rolling(t, func(ds *appsv1.DaemonSet) { ds.Spec.MinReadySeconds = 10 })
		s.pass(time.Minute)
		s.remove("a-v1")
		s.gone("a-v1")
		s.create("a", "a-v2")
		s.ready("a-v2")
		s.pass(5 * time.Second)
		s.remove("b-v1")
		s.breaks(id, "(a, b)")
	})
	t.Run("once minReadySeconds are over", func(t *testing.T) {
		s := rolling(t, func(ds *appsv1.DaemonSet) { ds.Spec.MinReadySeconds = 10 })
		s.pass(time.Minute)
		s.remove("a-v1")
		s.gone("a-v1")
		s.create("a", "a-v2")
		s.ready("a-v2")
		s.pass(10 * time.Second)
		s.remove("b-v1")
		s.holds()
	})
	t.Run("broken updates use the budget up", func(t *testing.T) {
		s := rolling(t)
		s.remove("a-v1")
		s.gone("a-v1")
		s.create("a", "a-v2")
		s.roll("v3", 3)
		s.remove("a-v2")
		s.remove("b-v1")
		s.breaks(id, "(a, b)")
	})
	t.Run("unavailable old pods are free to go", func(t *testing.T) {
		s := newScene(t)
		s.up()
		for _, n := range []string{"a", "b", "c"} {
			s.readiness(n+"-v1", corev1.ConditionFalse)
		}
		s.roll("v2", 2)
		for _, n := range []string{"a", "b", "c"} {
			s.remove(n + "-v1")
		}
		s.holds()
	})
	t.Run("but they use the budget up", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.readiness("b-v1", corev1.ConditionFalse)
		s.roll("v2", 2)
		s.remove("b-v1")
		// It turned unready a moment ago; by deleting it the controller shows that it knows.
		s.remove("a-v1")
		s.breaks(id, "(a, b)")
	})
	t.Run("a pod that turned unready a moment ago does not count yet", func(t *testing.T) {
		s := rolling(t)
		s.readiness("b-v1", corev1.ConditionFalse)
		s.remove("a-v1")
		s.holds()
	})
	t.Run("a pod that turned unready long ago does", func(t *testing.T) {
		s := rolling(t)
		s.readiness("b-v1", corev1.ConditionFalse)
		s.pass(Lag + time.Second)
		s.remove("a-v1")
		s.breaks(id, "(a, b)")
	})
	t.Run("the spec's deletion is not the controller's", func(t *testing.T) {
		s := rolling(t)
		s.act("deletes Pod", history.KindPod, s.pods["b-v1"])
		s.remove("a-v1")
		s.remove("b-v1")
		s.holds()
	})
	t.Run("nor a bulk deletion's", func(t *testing.T) {
		s := rolling(t)
		s.act("runs kubectl delete pods --all", history.KindPod, nil)
		for _, n := range []string{"a", "b", "c"} {
			s.remove(n + "-v1")
		}
		s.holds()
	})
	t.Run("but what comes long after is", func(t *testing.T) {
		s := rolling(t)
		s.act("runs kubectl delete pods --all", history.KindPod, nil)
		s.pass(Lag)
		s.remove("a-v1")
		s.remove("b-v1")
		s.breaks(id, "(a, b)")
	})
	t.Run("another deed of the spec excuses nothing", func(t *testing.T) {
		s := rolling(t)
		s.act("labels Pod", history.KindPod, s.pods["b-v1"])
		s.remove("a-v1")
		s.remove("b-v1")
		s.breaks(id, "(a, b)")
	})
	t.Run("an eviction is not the controller's", func(t *testing.T) {
		s := rolling(t)
		s.modify("b-v1", func(p *corev1.Pod) {
			p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI"})
		})
		s.remove("a-v1")
		s.remove("b-v1")
		s.holds()
	})
	t.Run("a limit raised a moment ago counts, one lowered a moment ago not yet", func(t *testing.T) {
		s := rolling(t)
		s.edit(unavailable("2"))
		s.remove("a-v1")
		s.edit(unavailable("1"))
		s.remove("b-v1")
		s.holds()
	})
	t.Run("a limit lowered long ago", func(t *testing.T) {
		s := rolling(t, unavailable("2"))
		s.edit(unavailable("1"))
		s.pass(Lag + time.Second)
		s.remove("a-v1")
		s.remove("b-v1")
		s.breaks(id, "maxUnavailable allows 1")
	})
	t.Run("on a node that is no longer eligible", func(t *testing.T) {
		s := rolling(t)
		s.taint("b", "dedicated", corev1.TaintEffectNoSchedule)
		s.remove("a-v1")
		s.remove("b-v1")
		s.holds()
	})
	t.Run("pods that became ready a moment ago may not have been seen so", func(t *testing.T) {
		s := newScene(t)
		for _, n := range []string{"a", "b", "c"} {
			s.create(n, n+"-v1")
			s.ready(n + "-v1")
		}
		s.roll("v2", 2)
		s.remove("a-v1")
		s.remove("b-v1")
		s.holds()
	})
	t.Run("unless a status has counted them", func(t *testing.T) {
		s := rolling(t) // up writes that status
		s.pass(Lag / 2)
		s.remove("a-v1")
		s.remove("b-v1")
		s.breaks(id, "(a, b)")
	})
	t.Run("a node that joined a moment ago does not count", func(t *testing.T) {
		s := rolling(t)
		joined := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "z", UID: "node-z"}}
		s.put(history.KindNode, history.Added, joined)
		s.create("z", "z-v2")
		s.remove("a-v1")
		s.holds()
	})
	t.Run("the twin of a pod may go", func(t *testing.T) {
		s := rolling(t)
		s.act("creates Pod", history.KindPod, &metav1.ObjectMeta{Namespace: "spec", Name: "twin"})
		s.create("b", "twin")
		s.remove("a-v1")
		s.remove("b-v1")
		s.holds()
	})
	t.Run("a Failed phase that the kubelet wrote over", func(t *testing.T) {
		s := rolling(t)
		s.modify("b-v1", func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed })
		s.modify("b-v1", func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning })
		s.remove("a-v1")
		s.remove("b-v1")
		s.holds()
	})
}

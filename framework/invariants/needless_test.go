package invariants

import (
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
)

func TestNoNeedlessDeletion(t *testing.T) {
	const id = "no-needless-deletion"
	t.Run("out of the blue", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.remove("a-v1")
		s.breaks(id, "pod a-v1 on node a was deleted though")
	})
	t.Run("unbound, gone at once", func(t *testing.T) {
		s := newScene(t)
		s.create("a", "a-v1")
		s.gone("a-v1")
		s.breaks(id, "pod a-v1 on node a was deleted though")
	})
	t.Run("by the spec", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.act("deletes Pod", history.KindPod, s.pods["a-v1"])
		s.remove("a-v1")
		s.holds()
	})
	t.Run("by the spec, long after", func(t *testing.T) {
		s := newScene(t)
		s.up()
		p := s.pods["a-v1"].DeepCopy()
		s.remove("a-v1")
		s.pass(time.Minute)
		s.act("deletes Pod", history.KindPod, p)
		s.breaks(id, "pod a-v1 on node a was deleted though")
	})
	t.Run("on a drained node", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.act("drains Node", history.KindNode, &metav1.ObjectMeta{Name: "a"})
		s.remove("a-v1")
		s.holds()
	})
	t.Run("a NoSchedule taint is no reason", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.taint("a", "dedicated", corev1.TaintEffectNoSchedule)
		s.pass(time.Second)
		s.remove("a-v1")
		s.breaks(id, "pod a-v1")
	})
	t.Run("a NoExecute taint is one", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.taint("a", "dedicated", corev1.TaintEffectNoExecute)
		s.remove("a-v1")
		s.holds()
	})
	t.Run("so is a node that is gone", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.put(history.KindNode, history.Deleted, s.nodes["a"])
		s.remove("a-v1")
		s.holds()
	})
	t.Run("so is a failure", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.modify("a-v1", func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed })
		s.remove("a-v1")
		s.holds()
	})
	t.Run("so is a template of a moment ago", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.roll("v2", 2)
		s.edit(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers[0].Image = "v1" })
		s.revision("v1", 3)
		s.remove("a-v1")
		s.holds()
	})
	t.Run("a template of long ago is none", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.roll("v2", 2)
		s.edit(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers[0].Image = "v1" })
		s.revision("v1", 3)
		s.pass(Lag + time.Second)
		s.remove("a-v1")
		s.breaks(id, "pod a-v1")
	})
	t.Run("OnDelete, an outdated pod", func(t *testing.T) {
		s := newScene(t, onDelete)
		s.up()
		s.roll("v2", 2)
		s.remove("a-v1")
		s.breaks(id, "its strategy is OnDelete")
	})
	t.Run("OnDelete until a moment ago", func(t *testing.T) {
		s := newScene(t, onDelete)
		s.up()
		s.roll("v2", 2)
		s.edit(func(ds *appsv1.DaemonSet) { ds.Spec.UpdateStrategy.Type = appsv1.RollingUpdateDaemonSetStrategyType })
		s.remove("a-v1")
		s.holds()
	})
	t.Run("one of two", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.act("creates Pod", history.KindPod, &metav1.ObjectMeta{Namespace: "spec", Name: "twin"})
		s.create("a", "twin")
		s.remove("a-v1")
		s.holds()
	})
	t.Run("the set is being deleted", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.put(history.KindDaemonSet, history.Deleted, s.ds)
		for _, n := range []string{"a", "b", "c"} {
			s.remove(n + "-v1")
		}
		s.holds()
	})
	t.Run("the namespace is", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.act("deletes Namespace", "Namespace", &metav1.ObjectMeta{Name: "spec"})
		s.pass(time.Minute)
		s.remove("a-v1")
		s.holds()
	})
}

// A thousand nodes must be judged in the time that a spec's end may take.
func BenchmarkJudge(b *testing.B) {
	s := newScene(&testing.T{}, unavailable("10%"))
	var names []string
	for i := range 1000 {
		n := fmt.Sprintf("n%04d", i)
		names = append(names, n)
		s.put(history.KindNode, history.Listed, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n, UID: "x"}})
	}
	for _, n := range names {
		s.create(n, n+"-v1")
		s.ready(n + "-v1")
	}
	s.nodes = map[string]*corev1.Node{}
	s.status(func(st *appsv1.DaemonSetStatus) {
		st.DesiredNumberScheduled, st.CurrentNumberScheduled, st.NumberReady, st.NumberAvailable = 1000, 1000, 1000, 1000
	})
	s.pass(time.Minute)
	s.roll("v2", 2)
	for _, n := range names {
		s.replace(n, "v1", "v2")
	}
	b.ResetTimer()
	for b.Loop() {
		if got := Judge(s.entries, nil); len(got.Violations) > 0 {
			b.Fatal(got.Violations[0])
		}
	}
}

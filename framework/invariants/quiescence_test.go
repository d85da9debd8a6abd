package invariants

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
)

func wrote(manager, subresource string, at time.Time) metav1.ManagedFieldsEntry {
	t := metav1.NewTime(at)
	return metav1.ManagedFieldsEntry{Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, Subresource: subresource, Time: &t}
}

func TestQuiescence(t *testing.T) {
	calm := func(t *testing.T) (*scene, int) {
		s := newScene(t)
		// As in every spec, which makes its DaemonSet itself.
		s.act("created DaemonSet", history.KindDaemonSet, s.ds)
		s.up()
		s.ds.ManagedFields = []metav1.ManagedFieldsEntry{wrote("kubectl", "", s.now), wrote("my-controller", "status", s.now)}
		s.converged()
		return s, len(s.entries)
	}
	t.Run("a stray status write names its manager", func(t *testing.T) {
		s, n := calm(t)
		s.pass(time.Minute)
		s.ds.ManagedFields[1] = wrote("my-controller", "status", s.now)
		s.status(func(*appsv1.DaemonSetStatus) {})
		got, _ := Quiescence(s.entries, int64(n))
		if len(got.Violations) != 1 || !strings.Contains(got.Violations[0].Message, `DaemonSet agent was modified though everything had converged; last written by manager "my-controller" (status)`) {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a deleted pod and a new one", func(t *testing.T) {
		s, n := calm(t)
		s.remove("a-v1")
		s.gone("a-v1")
		s.create("a", "again")
		if got, _ := Quiescence(s.entries, int64(n)); len(got.Violations) != 1 || !strings.Contains(got.Violations[0].Message, "Pod a-v1 was modified") {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("nothing, but heartbeats, events and a kubelet", func(t *testing.T) {
		s, n := calm(t)
		s.put(history.KindNode, history.Modified, s.nodes["a"])
		s.put(history.KindEvent, history.Added, &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: "e"}})
		s.modify("a-v1", func(p *corev1.Pod) { p.ManagedFields = []metav1.ManagedFieldsEntry{wrote("kubelet", "status", s.now)} })
		if got, _ := Quiescence(s.entries, int64(n)); len(got.Violations) != 0 || got.Unknown != "" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("the pods of a node that is not heard of any more", func(t *testing.T) {
		for name, tc := range map[string]struct {
			by         metav1.ManagedFieldsEntry
			is         corev1.ConditionStatus
			violations int
		}{
			"marked not Ready":                {wrote("kube-controller-manager", "status", time.Time{}), corev1.ConditionFalse, 0},
			"not by way of the status":        {wrote("kube-controller-manager", "", time.Time{}), corev1.ConditionFalse, 1},
			"written, though Ready as before": {wrote("kube-controller-manager", "status", time.Time{}), corev1.ConditionTrue, 1},
		} {
			s, n := calm(t)
			s.pods["a-v1"].ManagedFields = []metav1.ManagedFieldsEntry{wrote(tc.by.Manager, tc.by.Subresource, s.now)}
			s.readiness("a-v1", tc.is)
			if got, moved := Quiescence(s.entries, int64(n)); len(got.Violations) != tc.violations || moved != (tc.violations == 0) {
				t.Errorf("%s: moved %v, got %+v", name, moved, got)
			}
		}
	})
	t.Run("a controller that writes a pod's metadata", func(t *testing.T) {
		s, n := calm(t)
		s.modify("a-v1", func(p *corev1.Pod) {
			p.ManagedFields = []metav1.ManagedFieldsEntry{wrote("kubelet", "status", s.now.Add(-time.Minute)), wrote("my-controller", "", s.now)}
		})
		if got, _ := Quiescence(s.entries, int64(n)); len(got.Violations) != 1 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("the spec's own deed", func(t *testing.T) {
		s, n := calm(t)
		s.act("annotates DaemonSet", history.KindDaemonSet, s.ds)
		s.status(func(*appsv1.DaemonSetStatus) {})
		if got, moved := Quiescence(s.entries, int64(n)); len(got.Violations) != 0 || !moved {
			t.Errorf("moved %v, got %+v", moved, got)
		}
	})
	t.Run("a controller that is a shell script", func(t *testing.T) {
		s, n := calm(t)
		s.ds.ManagedFields = append(s.ds.ManagedFields, wrote("kubectl-annotate", "", s.now))
		s.put(history.KindDaemonSet, history.Modified, s.ds)
		if got, _ := Quiescence(s.entries, int64(n)); len(got.Violations) != 1 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a label that concerns nobody excuses nothing", func(t *testing.T) {
		s, n := calm(t)
		s.nodes["a"].Labels = map[string]string{"lease": "yes"}
		s.put(history.KindNode, history.Modified, s.nodes["a"])
		if got, moved := Quiescence(s.entries, int64(n)); len(got.Violations) != 0 || moved {
			t.Errorf("moved %v, got %+v", moved, got)
		}
		s.status(func(*appsv1.DaemonSetStatus) {})
		if got, _ := Quiescence(s.entries, int64(n)); len(got.Violations) != 1 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a node that goes, with its pod", func(t *testing.T) {
		s, n := calm(t)
		s.put(history.KindNode, history.Deleted, s.nodes["a"])
		s.status(func(*appsv1.DaemonSetStatus) {})
		if got, moved := Quiescence(s.entries, int64(n)); len(got.Violations) != 0 || !moved {
			t.Errorf("moved %v, got %+v", moved, got)
		}
	})
	t.Run("a second pod beside a good one", func(t *testing.T) {
		s, n := calm(t)
		s.create("a", "again")
		if got, _ := Quiescence(s.entries, int64(n)); len(got.Violations) != 1 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("an answer to a taint, a status that was late", func(t *testing.T) {
		for name, deed := range map[string]func(*scene){
			"taint": func(s *scene) {
				s.nodes["a"].Spec.Taints = []corev1.Taint{{Key: "new", Effect: corev1.TaintEffectNoSchedule}}
				s.put(history.KindNode, history.Modified, s.nodes["a"])
				s.status(func(*appsv1.DaemonSetStatus) {})
			},
		} {
			s, n := calm(t)
			deed(s)
			if got, moved := Quiescence(s.entries, int64(n)); len(got.Violations) != 0 || !moved {
				t.Errorf("%s: moved %v, got %+v", name, moved, got)
			}
		}
		s := newScene(t)
		s.up()
		s.status(func(st *appsv1.DaemonSetStatus) { st.NumberMisscheduled = 1 })
		n := len(s.entries)
		s.converged()
		if got, moved := Quiescence(s.entries, int64(n)); len(got.Violations) != 0 || !moved {
			t.Errorf("late: moved %v, got %+v", moved, got)
		}
	})
	t.Run("a gap", func(t *testing.T) {
		s, n := calm(t)
		s.entries = append(s.entries, history.Entry{Seq: 1000, Kind: history.KindPod, Change: history.Gap, Text: "lost"})
		if got, _ := Quiescence(s.entries, int64(n)); !strings.Contains(got.Unknown, "lost") {
			t.Errorf("got %+v", got)
		}
	})
}

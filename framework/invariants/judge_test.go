package invariants

import (
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
)

func TestCurrentTemplate(t *testing.T) {
	t.Run("no hash", func(t *testing.T) {
		s := newScene(t)
		s.create("a", "a-v1", func(p *corev1.Pod) { delete(p.Labels, appsv1.ControllerRevisionHashLabelKey) })
		s.breaks("current-template", "without label controller-revision-hash")
	})
	t.Run("a template of long ago", func(t *testing.T) {
		s := newScene(t)
		s.roll("v2", 2)
		s.pass(Lag + time.Second)
		s.create("a", "a-v1", func(p *corev1.Pod) { p.Labels[appsv1.ControllerRevisionHashLabelKey] = "v1" })
		s.breaks("current-template", "from revision 1 (hash v1)")
	})
	t.Run("a template of a moment ago", func(t *testing.T) {
		s := newScene(t)
		s.roll("v2", 2)
		s.create("a", "a-v1", func(p *corev1.Pod) { p.Labels[appsv1.ControllerRevisionHashLabelKey] = "v1" })
		s.holds()
	})
	t.Run("a hash that no revision carries", func(t *testing.T) {
		s := newScene(t)
		s.create("a", "a-v1", func(p *corev1.Pod) { p.Labels[appsv1.ControllerRevisionHashLabelKey] = "made-up" })
		s.holds() // it may still come
		s.pass(Lag + time.Second)
		s.ready("a-v1")
		s.breaks("current-template", `hash "made-up", which no ControllerRevision`)
	})
	t.Run("no history at all", func(t *testing.T) {
		s := newScene(t)
		s.withoutHistory()
		s.create("a", "a-v1", made("v1"))
		s.pass(Lag + time.Second)
		s.ready("a-v1")
		s.holds()
		s.edit(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers[0].Image = "v2" })
		s.pass(Lag + time.Second)
		s.create("b", "b-v1", made("v1"))
		s.pass(Lag + time.Second)
		s.ready("b-v1")
		s.breaks("current-template", "pod b-v1 was created from a template that DaemonSet agent has not had for 15s")
	})
	t.Run("a revision that comes with the pods", func(t *testing.T) {
		s := newScene(t)
		s.edit(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers[0].Image = "v2" })
		s.create("a", "a-v2")
		s.revision("v2", 2)
		s.pass(Lag + time.Second)
		s.ready("a-v2")
		s.holds()
	})
}

// withoutHistory takes the revisions out of the log.
func (s *scene) withoutHistory() {
	s.entries = slices.DeleteFunc(s.entries, func(e history.Entry) bool { return e.Kind == history.KindControllerRevision })
	for i := range s.entries {
		s.entries[i].Seq = int64(i) + 1
	}
}

// made gives the pod a container of the image, and the hash of a template with it.
func made(image string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Labels[appsv1.ControllerRevisionHashLabelKey] = "hash-of-" + image
		p.Spec.Containers = []corev1.Container{{Name: "agent", Image: image}}
	}
}

func TestRevisionNumbers(t *testing.T) {
	t.Run("counted up, and a return renumbers", func(t *testing.T) {
		s := newScene(t)
		s.roll("v2", 2)
		s.edit(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers[0].Image = "v1" })
		s.revision("v1", 3)
		s.holds()
	})
	t.Run("the same number again", func(t *testing.T) {
		s := newScene(t)
		s.roll("v2", 1)
		s.breaks("revision-numbers", "agent-v2 got number 1, but agent-v1 has 1")
	})
	t.Run("renumbered too low", func(t *testing.T) {
		s := newScene(t)
		s.roll("v2", 5)
		s.revision("v1", 4)
		s.breaks("revision-numbers", "agent-v1 got number 4, but agent-v2 has 5")
	})
	t.Run("back", func(t *testing.T) {
		s := newScene(t)
		s.roll("v2", 5)
		s.revision("v2", 3)
		s.breaks("revision-numbers", "went back from 5 to 3")
	})
	t.Run("written without a new number", func(t *testing.T) {
		s := newScene(t)
		s.roll("v2", 2)
		s.revision("v1", 1)
		s.holds()
	})
	t.Run("beside one that the spec numbered", func(t *testing.T) {
		s := newScene(t)
		s.act("creates ControllerRevision", history.KindControllerRevision, &metav1.ObjectMeta{Namespace: "spec", Name: "agent-dup"})
		dup := s.revision("v1", 1).DeepCopy()
		dup.Name, dup.UID, dup.Revision = "agent-dup", "cr-dup", 50
		s.put(history.KindControllerRevision, history.Added, dup)
		s.roll("v2", 2)
		s.holds()
	})
}

func TestJudge(t *testing.T) {
	broken := func(t *testing.T) *scene {
		s := newScene(t)
		s.up()
		s.create("a", "twin")
		return s
	}
	gap := func(s *scene) {
		s.entries = append(s.entries, history.Entry{Seq: int64(len(s.entries)) + 1, Time: s.now, Kind: history.KindPod, Change: history.Gap, Text: "changes were lost"})
	}
	t.Run("a violation before a gap stands", func(t *testing.T) {
		s := broken(t)
		gap(s)
		got := Judge(s.entries, nil)
		if len(got.Violations) != 1 || !strings.Contains(got.Unknown, "changes were lost") {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("after a gap nothing is judged", func(t *testing.T) {
		s := newScene(t)
		s.up()
		gap(s)
		s.create("a", "twin")
		got := Judge(s.entries, nil)
		if len(got.Violations) != 0 || got.Unknown == "" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("an exception", func(t *testing.T) {
		got := Judge(broken(t).entries, map[string]string{"one-pod-per-node": "two controllers run"})
		if len(got.Violations) != 0 || got.Unknown != "" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("an exception from nothing", func(t *testing.T) {
		got := Judge(broken(t).entries, map[string]string{"two-pods-per-node": "typing"})
		if len(got.Violations) != 1 || !strings.Contains(got.Unknown, "two-pods-per-node, which is no invariant") {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("the entry is the evidence", func(t *testing.T) {
		s := broken(t)
		v := Judge(s.entries, nil).Violations[0]
		if v.Entry.Name != "twin" || !strings.Contains(v.String(), "one-pod-per-node: pod twin") {
			t.Errorf("got %v", v)
		}
	})
	t.Run("a flood is cut", func(t *testing.T) {
		s := newScene(t)
		for range 50 {
			s.status(func(st *appsv1.DaemonSetStatus) { st.NumberMisscheduled = -1 })
		}
		s.anyNumbers()
		if got := Judge(s.entries, s.except); len(got.Violations) != mostViolations {
			t.Errorf("%d violations", len(got.Violations))
		}
	})
	t.Run("the rules are whole", func(t *testing.T) {
		seen := map[string]bool{}
		for _, inv := range All() {
			if inv.ID == "" || seen[inv.ID] || !strings.Contains(inv.Sentence, "MUST") || len(inv.Clauses) == 0 || inv.New == nil {
				t.Errorf("%+v", inv)
			}
			seen[inv.ID] = true
		}
		if Sentence("max-surge") == "max-surge" || Sentence("nothing") != "nothing" {
			t.Error("Sentence does not find its rule")
		}
	})
}

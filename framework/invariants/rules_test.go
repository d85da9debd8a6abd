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

func TestAutomaticTolerations(t *testing.T) {
	seconds := int64(300)
	for name, tc := range map[string]struct {
		edit func(*corev1.Pod)
		want string
	}{
		"all there":         {func(*corev1.Pod) {}, ""},
		"one more":          {func(p *corev1.Pod) { p.Spec.Tolerations = append(p.Spec.Tolerations, corev1.Toleration{Key: "x"}) }, ""},
		"one missing":       {func(p *corev1.Pod) { p.Spec.Tolerations = p.Spec.Tolerations[1:] }, "node.kubernetes.io/not-ready:NoExecute"},
		"one with seconds":  {func(p *corev1.Pod) { p.Spec.Tolerations[1].TolerationSeconds = &seconds }, "node.kubernetes.io/unreachable:NoExecute"},
		"one of another op": {func(p *corev1.Pod) { p.Spec.Tolerations[5].Operator = "Equal" }, "node.kubernetes.io/unschedulable:NoSchedule"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.create("a", "a-v1", tc.edit)
			if tc.want == "" {
				s.holds()
				return
			}
			s.breaks("automatic-tolerations", tc.want)
		})
	}
	t.Run("host network", func(t *testing.T) {
		s := newScene(t, func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.HostNetwork = true })
		s.create("a", "a-v1", func(p *corev1.Pod) { p.Spec.Tolerations = p.Spec.Tolerations[:6] })
		s.breaks("automatic-tolerations", "network-unavailable")
	})
}

func TestBoundByTheScheduler(t *testing.T) {
	bound := func(p *corev1.Pod) { p.Spec.NodeName = "a" }
	s := newScene(t)
	s.create("a", "a-v1", bound)
	s.breaks("bound-by-the-scheduler", "spec.nodeName a")

	s = newScene(t, func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.NodeName = "a" })
	s.create("a", "a-v1", bound)
	s.holds()

	// Found by a list, a bound pod says nothing about how it was made.
	s = newScene(t)
	s.create("a", "a-v1", bound)
	s.entries[len(s.entries)-1].Change = history.Listed
	s.holds()
}

func TestOwnerReferences(t *testing.T) {
	no := false
	for name, tc := range map[string]struct {
		edit func(*corev1.Pod)
		want string
	}{
		"right":              {func(*corev1.Pod) {}, ""},
		"no reference":       {func(p *corev1.Pod) { p.OwnerReferences = nil }, "0 owner references"},
		"two":                {func(p *corev1.Pod) { p.OwnerReferences = append(p.OwnerReferences, metav1.OwnerReference{UID: "V"}) }, "2 owner references"},
		"not its controller": {func(p *corev1.Pod) { p.OwnerReferences[0].Controller = nil }, "controller is not true"},
		"does not block":     {func(p *corev1.Pod) { p.OwnerReferences[0].BlockOwnerDeletion = &no }, "blockOwnerDeletion is not true"},
		"another name":       {func(p *corev1.Pod) { p.OwnerReferences[0].Name = "x" }, "it names x"},
		"an orphan that is nobody's": {func(p *corev1.Pod) {
			p.OwnerReferences, p.GenerateName = nil, ""
		}, ""},
		"another controller's": {func(p *corev1.Pod) { p.OwnerReferences[0].UID = "V"; p.OwnerReferences[0].Kind = "ReplicaSet" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.create("a", "a-v1", tc.edit)
			if tc.want == "" {
				s.holds()
				return
			}
			s.breaks("owner-references", tc.want)
		})
	}
	t.Run("a revision", func(t *testing.T) {
		s := newScene(t)
		cr := s.revision("v1", 1).DeepCopy()
		cr.Name, cr.UID, cr.OwnerReferences = "agent-v2", "cr-x", nil
		cr.Labels[appsv1.ControllerRevisionHashLabelKey] = "v2"
		s.put(history.KindControllerRevision, history.Added, cr)
		s.breaks("owner-references", "ControllerRevision agent-v2 of DaemonSet agent")
	})
	t.Run("a revision that the spec made", func(t *testing.T) {
		s := newScene(t)
		cr := s.revision("v1", 1).DeepCopy()
		cr.Name, cr.UID, cr.OwnerReferences = "agent-v2", "cr-x", nil
		cr.Labels[appsv1.ControllerRevisionHashLabelKey] = "v2"
		s.act("creates ControllerRevision", history.KindControllerRevision, cr)
		s.put(history.KindControllerRevision, history.Added, cr)
		s.holds()
	})
}

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

func TestStatusArithmetic(t *testing.T) {
	for name, tc := range map[string]struct {
		status appsv1.DaemonSetStatus
		want   string
	}{
		"right":                 {appsv1.DaemonSetStatus{DesiredNumberScheduled: 5, CurrentNumberScheduled: 4, UpdatedNumberScheduled: 4, NumberReady: 3, NumberAvailable: 2, NumberUnavailable: 3}, ""},
		"all zero":              {appsv1.DaemonSetStatus{NumberMisscheduled: 7}, ""},
		"available over ready":  {appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, CurrentNumberScheduled: 3, NumberReady: 1, NumberAvailable: 2, NumberUnavailable: 1}, "available 2 > ready 1"},
		"ready over current":    {appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, CurrentNumberScheduled: 1, NumberReady: 2, NumberUnavailable: 3}, "ready 2 > current 1"},
		"current over desired":  {appsv1.DaemonSetStatus{DesiredNumberScheduled: 1, CurrentNumberScheduled: 2, NumberUnavailable: 1}, "current 2 > desired 1"},
		"updated over current":  {appsv1.DaemonSetStatus{DesiredNumberScheduled: 2, CurrentNumberScheduled: 1, UpdatedNumberScheduled: 2, NumberUnavailable: 2}, "updated 2 > current 1"},
		"unavailable not right": {appsv1.DaemonSetStatus{DesiredNumberScheduled: 2, NumberUnavailable: 1}, "unavailable 1 is not desired 2 - available 0"},
		"negative":              {appsv1.DaemonSetStatus{NumberMisscheduled: -1}, "a number is negative"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.status(func(st *appsv1.DaemonSetStatus) { *st = tc.status })
			if tc.want == "" {
				s.holds()
				return
			}
			s.breaks("status-arithmetic", tc.want)
		})
	}
	t.Run("written by the spec", func(t *testing.T) {
		s := newScene(t)
		s.act("edits the status of DaemonSet", history.KindDaemonSet, s.ds)
		s.status(func(st *appsv1.DaemonSetStatus) { st.DesiredNumberScheduled = 99 })
		s.holds()
		s.pass(Lag + time.Second)
		s.status(func(st *appsv1.DaemonSetStatus) { st.NumberReady = 5 })
		s.breaks("status-arithmetic", "ready 5 > current 0")
	})
}

func TestObservedGeneration(t *testing.T) {
	observe := func(s *scene, n int64) {
		s.status(func(st *appsv1.DaemonSetStatus) { st.ObservedGeneration = n })
	}
	s := newScene(t)
	observe(s, 1)
	s.edit(unavailable("2"))
	observe(s, 2)
	s.holds()
	observe(s, 1)
	s.breaks("observed-generation", "went back from 2 to 1")

	s = newScene(t)
	observe(s, 2)
	s.breaks("observed-generation", "has observed generation 2 while its generation is 1")

	// A new DaemonSet of the same name begins anew.
	s = newScene(t)
	s.edit(unavailable("2"))
	observe(s, 2)
	s.ds.UID, s.ds.Generation, s.ds.Status = "W", 1, appsv1.DaemonSetStatus{}
	s.put(history.KindDaemonSet, history.Modified, s.ds)
	s.holds()
}

func TestCollisionCount(t *testing.T) {
	count := func(s *scene, n int32) {
		s.status(func(st *appsv1.DaemonSetStatus) { st.CollisionCount = &n })
	}
	s := newScene(t)
	count(s, 1)
	count(s, 2)
	s.holds()
	count(s, 1)
	s.breaks("collision-count", "went back from 2 to 1")
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
		if got := Judge(s.entries, nil); len(got.Violations) != mostViolations {
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

package invariants

import (
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
			s.anyNumbers()
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
		s.anyNumbers()
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
	s.anyNumbers()
	observe(s, 1)
	s.edit(unavailable("2"))
	observe(s, 2)
	s.holds()
	observe(s, 1)
	s.breaks("observed-generation", "went back from 2 to 1")

	s = newScene(t)
	s.anyNumbers()
	observe(s, 2)
	s.breaks("observed-generation", "has observed generation 2 while its generation is 1")

	// A new DaemonSet of the same name begins anew.
	s = newScene(t)
	s.anyNumbers()
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

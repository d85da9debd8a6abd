package invariants

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
)

func TestOnePodPerNode(t *testing.T) {
	t.Run("a second one", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.create("a", "twin")
		s.breaks("one-pod-per-node", "pod twin was created on node a, where pod a-v1")
	})
	t.Run("a second one that the spec made", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.act("creates Pod", history.KindPod, &metav1.ObjectMeta{Namespace: "spec", Name: "twin"})
		s.create("a", "twin")
		s.remove("twin")
		s.holds()
	})
	t.Run("a second one that the spec deletes later on", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.create("a", "twin")
		s.pass(time.Minute)
		s.act("deletes Pod", history.KindPod, s.pods["twin"])
		s.remove("twin")
		s.breaks("one-pod-per-node", "pod twin was created on node a")
	})
	t.Run("a second one beside a pod that the spec deletes later on", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.create("a", "twin")
		s.pass(time.Minute)
		s.act("deletes Pod", history.KindPod, s.pods["a-v1"])
		s.remove("a-v1")
		s.breaks("one-pod-per-node", "pod twin was created on node a")
	})
	t.Run("a second one, noted by the spec only afterwards", func(t *testing.T) {
		s := newScene(t)
		s.up()
		p := s.create("a", "twin")
		s.act("created Pod", history.KindPod, p)
		s.holds()
	})
	t.Run("beside an adopted one", func(t *testing.T) {
		s := newScene(t)
		orphan := s.create("a", "orphan", func(p *corev1.Pod) { p.OwnerReferences = nil; p.GenerateName = "" })
		s.modify("orphan", func(*corev1.Pod) { orphan.OwnerReferences = s.owner() })
		s.create("a", "a-v1")
		s.holds()
	})
	t.Run("beside a failed one", func(t *testing.T) {
		s := newScene(t)
		s.create("a", "a-v1")
		s.modify("a-v1", func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed })
		s.create("a", "again")
		s.holds()
	})
	t.Run("surge: beside the old one", func(t *testing.T) {
		s := newScene(t, surge(1))
		s.up()
		s.roll("v2", 2)
		s.create("a", "a-v2")
		s.holds()
	})
	t.Run("surge: of the same revision", func(t *testing.T) {
		s := newScene(t, surge(1))
		s.up()
		s.create("a", "twin")
		got := Judge(s.entries, map[string]string{"max-surge": "not what is tested"})
		if len(got.Violations) != 1 || got.Violations[0].Invariant != "one-pod-per-node" {
			t.Errorf("got %v", got.Violations)
		}
	})
	t.Run("surge: a third one", func(t *testing.T) {
		s := newScene(t, surge(3))
		s.up()
		s.roll("v2", 2)
		s.create("a", "a-v2")
		s.roll("v3", 3)
		s.create("a", "a-v3")
		s.breaks("one-pod-per-node", "as a third one on node a")
	})
	t.Run("surge: the third one after the second is on its way out", func(t *testing.T) {
		s := newScene(t, surge(3))
		s.up()
		s.roll("v2", 2)
		s.create("a", "a-v2")
		s.roll("v3", 3)
		s.remove("a-v2")
		s.create("a", "a-v3")
		s.holds()
	})
	t.Run("surge was switched off a moment ago", func(t *testing.T) {
		s := newScene(t, surge(3))
		s.up()
		s.roll("v2", 2)
		s.edit(unavailable("1"))
		s.create("a", "a-v2")
		s.holds()
	})
	t.Run("surge was switched off long ago", func(t *testing.T) {
		s := newScene(t, surge(3))
		s.up()
		s.roll("v2", 2)
		s.edit(unavailable("1"))
		s.pass(Lag + time.Second)
		s.create("a", "a-v2")
		s.breaks("one-pod-per-node", "maxSurge is 0")
	})
}

func TestOldPodGoneFirst(t *testing.T) {
	t.Run("too early", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.act("deletes Pod", history.KindPod, s.pods["a-v1"])
		s.remove("a-v1")
		s.create("a", "again")
		s.breaks("old-pod-gone-first", "pod again was created on node a while pod a-v1 there was still terminating")
	})
	t.Run("once it is gone", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.act("deletes Pod", history.KindPod, s.pods["a-v1"])
		s.remove("a-v1")
		s.gone("a-v1")
		s.create("a", "again")
		s.holds()
	})
	t.Run("once it has finished, held by a finalizer", func(t *testing.T) {
		s := newScene(t)
		s.up()
		s.act("deletes Pod", history.KindPod, s.pods["a-v1"])
		s.remove("a-v1")
		s.modify("a-v1", func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded })
		s.create("a", "again")
		s.holds()
	})
	t.Run("with surge it need not wait", func(t *testing.T) {
		s := newScene(t, surge(1))
		s.up()
		s.act("deletes Pod", history.KindPod, s.pods["a-v1"])
		s.remove("a-v1")
		s.create("a", "again")
		s.holds()
	})
}

func TestCreatedWhereEligible(t *testing.T) {
	dedicated := func(s *scene) {
		s.act("taints Node", history.KindNode, s.nodes["a"])
		s.taint("a", "dedicated", corev1.TaintEffectNoSchedule)
	}
	t.Run("on a tainted node", func(t *testing.T) {
		s := newScene(t)
		dedicated(s)
		s.pass(Lag + time.Second)
		s.create("a", "a-v1")
		s.breaks("created-where-eligible", "pod a-v1 was created for node a, which has taint dedicated:NoSchedule")
	})
	t.Run("on a node tainted a moment ago", func(t *testing.T) {
		s := newScene(t)
		dedicated(s)
		s.pass(Lag - time.Second)
		s.create("a", "a-v1")
		s.holds()
	})
	t.Run("on a node whose heartbeats came in between", func(t *testing.T) {
		s := newScene(t)
		dedicated(s)
		for range 4 {
			s.pass(5 * time.Second)
			s.nodes["a"].Annotations = map[string]string{"beat": s.now.String()}
			s.put(history.KindNode, history.Modified, s.nodes["a"])
		}
		s.create("a", "a-v1")
		s.breaks("created-where-eligible", "dedicated")
	})
	t.Run("a selector that never matched", func(t *testing.T) {
		s := newScene(t, func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.NodeSelector = map[string]string{"disk": "ssd"} })
		s.create("a", "a-v1")
		s.breaks("created-where-eligible", "lacks label disk=ssd")
	})
	t.Run("a selector of a moment ago", func(t *testing.T) {
		s := newScene(t)
		s.edit(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.NodeSelector = map[string]string{"disk": "ssd"} })
		s.create("a", "a-v1")
		s.holds()
	})
	t.Run("a node that does not exist", func(t *testing.T) {
		s := newScene(t)
		s.create("z", "z-v1")
		s.breaks("created-where-eligible", "node z, which does not exist")
	})
	t.Run("a node that was deleted a moment ago", func(t *testing.T) {
		s := newScene(t)
		s.put(history.KindNode, history.Deleted, s.nodes["a"])
		s.create("a", "a-v1")
		s.holds()
	})
	t.Run("a node that was deleted long ago", func(t *testing.T) {
		s := newScene(t)
		s.put(history.KindNode, history.Deleted, s.nodes["a"])
		s.pass(Lag + time.Second)
		s.create("a", "a-v1")
		s.breaks("created-where-eligible", "does not exist")
	})
	t.Run("no node at all", func(t *testing.T) {
		s := newScene(t)
		s.create("a", "a-v1", func(p *corev1.Pod) { p.Spec.Affinity = nil })
		s.breaks("created-where-eligible", "created for no node")
	})
	t.Run("a pod of another owner", func(t *testing.T) {
		s := newScene(t)
		s.create("z", "other", func(p *corev1.Pod) { p.OwnerReferences[0].UID = "V"; p.OwnerReferences[0].Kind = "ReplicaSet" })
		s.holds()
	})
	t.Run("a joined node may get its pod before the log shows the node", func(t *testing.T) {
		s := newScene(t)
		joined := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "z", UID: "node-z"}}
		s.put(history.KindNode, history.Added, joined)
		s.create("z", "z-v1")
		// The pod's watch was faster than the node's.
		n := len(s.entries)
		s.entries[n-1].Seq, s.entries[n-2].Seq = s.entries[n-2].Seq, s.entries[n-1].Seq
		s.holds()
	})
}

func TestNothingForADeletedSet(t *testing.T) {
	deleted := func(s *scene) {
		at := metav1.NewTime(s.now)
		s.ds.DeletionTimestamp = &at
		s.put(history.KindDaemonSet, history.Modified, s.ds)
	}
	t.Run("a pod", func(t *testing.T) {
		s := newScene(t)
		s.up()
		deleted(s)
		s.remove("a-v1")
		s.gone("a-v1")
		s.pass(Lag + time.Second)
		s.create("a", "again")
		s.breaks("nothing-for-a-deleted-set", "Pod again was created for a DaemonSet")
	})
	t.Run("a revision", func(t *testing.T) {
		s := newScene(t)
		deleted(s)
		s.put(history.KindDaemonSet, history.Deleted, s.ds)
		s.pass(Lag + time.Second)
		s.revision("v2", 2)
		s.breaks("nothing-for-a-deleted-set", "ControllerRevision agent-v2 was created")
	})
	t.Run("a pod that was on its way", func(t *testing.T) {
		s := newScene(t)
		deleted(s)
		s.put(history.KindDaemonSet, history.Deleted, s.ds)
		s.create("a", "a-v1")
		s.holds()
	})
}

package invariants

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// quiescent is the ID of the rule that Quiescence judges. It is not among All,
// for only who waits for it knows that the namespace is at rest.
const quiescent = "quiescence"

// Quiescence judges the first change after entry number since, at which the
// namespace had been at rest: a controller that has nothing left to do MUST NOT
// write (DS-STA-012, DS-CST-002, DS-CHG-009). It is a violation, which names the
// writer by its manager in the object's managedFields, if it is the controller's
// and its DaemonSet was rolled out as the oracle sees it, status included. moved
// tells that something changed that is no violation, so that what follows may
// have its reason in it: rest must be waited for once more.
func Quiescence(entries []history.Entry, since int64) (result Result, moved bool) {
	log := history.Sorted(entries)
	prev := history.NewState("")
	last := map[types.UID]metav1.Object{}
	for i, e := range log {
		if i > 0 {
			prev.Apply(log[i-1])
		}
		if e.Change == history.Gap {
			result.Unknown = fmt.Sprintf("after entry %d of the log nothing can be said: %s", e.Seq, e.Text)
			return result, false
		}
		before := last[e.UID]
		if e.Object != nil {
			last[e.UID] = metaOf(e)
		}
		if e.Seq <= since || !disturbs(prev, e) {
			continue
		}
		if by, stray := strayWrite(prev, e, before); stray {
			result.Violations = append(result.Violations, Violation{
				Invariant: quiescent, Entry: e,
				Message: fmt.Sprintf("%s %s was %s though everything had converged; last written by %s",
					e.Kind, e.Name, strings.ToLower(string(e.Change)), history.WritersText(by)),
			})
			return result, false
		}
		return result, true
	}
	return result, false
}

// disturbs tells whether the entry is a change that a controller may make or
// answer: heartbeats of nodes, and events, are not, nor what does not concern the
// namespace's DaemonSets.
func disturbs(prev *history.State, e history.Entry) bool {
	switch e.Kind {
	case history.KindDaemonSet, history.KindControllerRevision, history.KindPod:
		return e.Object != nil
	case history.KindAction:
		return true
	case history.KindNode:
		now, _ := e.Object.(*corev1.Node)
		if e.Change == history.Deleted {
			now = nil
		}
		return concerns(prev, prev.Node(e.Name), now)
	case history.KindEvent:
	}
	return false
}

// concerns tells whether the change of a node changes what a DaemonSet of the
// namespace wants of it. Others label and taint nodes all the time; of that a
// controller has nothing to answer. A nil node is none.
func concerns(prev *history.State, was, now *corev1.Node) bool {
	for _, ds := range prev.DaemonSets() {
		rule := oracle.RuleOf(ds)
		if before, after := wants(rule, was), wants(rule, now); before != after || before.Keep && was.UID != now.UID {
			return true
		}
	}
	return false
}

// wants is what the rule says of the node, without its reason.
func wants(rule *oracle.Rule, n *corev1.Node) oracle.Decision {
	if n == nil {
		return oracle.Decision{}
	}
	d := rule.Decide(n)
	d.Reason = ""
	return d
}

// strayWrite tells whether the entry is a write of the controller to a DaemonSet
// that needed none, or to what it owns, and who made it. before is the object as
// it was. What the spec did earlier excuses nothing: it made every DaemonSet, and
// what it does now is an entry of its own, which ends the rest.
func strayWrite(prev *history.State, e history.Entry, before metav1.Object) (by []metav1.ManagedFieldsEntry, stray bool) {
	o := metaOf(e)
	by = history.Writers(before, o)
	if !converged(prev, e, o) {
		return by, false
	}
	switch e.Kind {
	case history.KindDaemonSet:
		return by, e.Change == history.Modified && before != nil && before.GetGeneration() == o.GetGeneration()
	case history.KindControllerRevision:
		return by, e.Change != history.Deleted // An old one may be pruned late: it harms nobody.
	case history.KindPod:
		pod, _ := e.Object.(*corev1.Pod)
		leaving := before == nil || before.GetDeletionTimestamp() != nil
		switch {
		case pod == nil:
			return by, false
		case e.Change == history.Added:
			return by, true
		case e.Change == history.Deleted, pod.DeletionTimestamp != nil:
			return by, !leaving && !oracle.Disrupted(pod)
		}
		return by, !ofTheNode(by) && !markedNotReady(before, pod, by)
	case history.KindNode, history.KindEvent, history.KindAction:
	}
	return by, false
}

// converged tells whether the DaemonSet that the object is, or belongs to, was
// rolled out before the entry.
func converged(prev *history.State, e history.Entry, o metav1.Object) bool {
	uid := o.GetUID()
	if e.Kind != history.KindDaemonSet {
		ref := metav1.GetControllerOfNoCopy(o)
		if ref == nil {
			return false
		}
		uid = ref.UID
	}
	for _, ds := range prev.In(e.Namespace).DaemonSets() {
		if ds.UID == uid {
			return ds.DeletionTimestamp == nil && oracle.RolledOut(prev.In(e.Namespace), ds) == nil
		}
	}
	return false
}

// markedNotReady tells whether the write is the node life-cycle controller's,
// which takes the pods of a node that it no longer hears of for not Ready. In
// Kubernetes it shares its name in managedFields with the DaemonSet controller,
// but no controller of DaemonSets writes the status of a pod.
func markedNotReady(before metav1.Object, pod *corev1.Pod, by []metav1.ManagedFieldsEntry) bool {
	was, ok := before.(*corev1.Pod)
	if !ok || !oracle.Ready(was) || oracle.Ready(pod) {
		return false
	}
	for _, m := range by {
		if m.Subresource != "status" {
			return false
		}
	}
	return len(by) > 0
}

// ofTheNode tells whether only kubelets and schedulers wrote.
func ofTheNode(by []metav1.ManagedFieldsEntry) bool {
	for _, m := range by {
		name := strings.ToLower(m.Manager)
		if m.Subresource != "status" || !strings.Contains(name, "kubelet") && !strings.Contains(name, "scheduler") && !strings.Contains(name, "kwok") {
			return false
		}
	}
	return len(by) > 0
}

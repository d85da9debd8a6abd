package invariants

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

func placementRules() []Invariant {
	return []Invariant{
		{
			ID:       "one-pod-per-node",
			Sentence: "A controller MUST NOT create a pod beside a live one on the same node: without surge none, with surge one of another revision.",
			Clauses:  []string{"DS-PLC-001", "DS-PLC-023", "DS-RUS-004"},
			New:      remember(onePodPerNode),
		},
		{
			ID:       "old-pod-gone-first",
			Sentence: "Without surge a controller MUST NOT create the replacement before the terminating pod is gone or has finished.",
			Clauses:  []string{"DS-PLC-024"},
			New:      remember(oldPodGoneFirst),
		},
		{
			ID:       "created-where-eligible",
			Sentence: "A controller MUST create pods only for nodes that match the template and whose NoSchedule and NoExecute taints are tolerated.",
			Clauses:  []string{"DS-PLC-002", "DS-PLC-003", "DS-PLC-011", "DS-PLC-017", "DS-TOL-009", "DS-CHG-003"},
			New:      remember(createdWhereEligible),
		},
		{
			ID:       "nothing-for-a-deleted-set",
			Sentence: "A controller MUST NOT create pods or revisions for a DaemonSet that is being deleted or is gone.",
			Clauses:  []string{"DS-OWN-009"},
			New:      remember(nothingForDeleted),
		},
	}
}

// made gives the pod if the entry is the creation of a pod by the controller of
// a DaemonSet, with the DaemonSet's versions within Lag. Pods that the spec made
// are not, and neither are pods found by a list: nobody knows how they came.
func (l *ledger) made(next *history.State, e history.Entry) (*corev1.Pod, []*set) {
	pod, ok := e.Object.(*corev1.Pod)
	if !ok || e.Change != history.Added || madeByHand(next, history.KindPod, pod) {
		return nil, nil
	}
	sets := l.recentSets(next, controllerUID(pod))
	if len(sets) == 0 {
		return nil, nil
	}
	return pod, sets
}

// native lists the live pods of the DaemonSet on the node that the controller
// itself made: not adopted ones, nor those that the spec had its hand in.
func (l *ledger) native(at place, pods []*podRecord) []*podRecord {
	var out []*podRecord
	for _, p := range pods {
		if p.owner == at.set && !p.byHand {
			out = append(out, p)
		}
	}
	return out
}

func onePodPerNode(l *ledger, next *history.State, e history.Entry) string {
	pod, sets := l.made(next, e)
	if pod == nil {
		return ""
	}
	at := place{controllerUID(pod), oracle.TargetNode(pod)}
	if at.node == "" {
		return "" // created-where-eligible says so
	}
	others := l.native(at, l.live(at))
	if !anySurges(sets) {
		if len(others) == 0 {
			return ""
		}
		return fmt.Sprintf("pod %s was created on node %s, where pod %s of DaemonSet %s is alive and maxSurge is 0", pod.Name, at.node, names(others), sets[0].Name)
	}
	if len(others) > 1 {
		return fmt.Sprintf("pod %s was created as a third one on node %s, beside %s", pod.Name, at.node, names(others))
	}
	hash := pod.Labels[appsv1.ControllerRevisionHashLabelKey]
	for _, o := range others {
		if o.Labels[appsv1.ControllerRevisionHashLabelKey] == hash {
			return fmt.Sprintf("pod %s was created on node %s beside pod %s of the same revision %s", pod.Name, at.node, o.Name, hash)
		}
	}
	return ""
}

func anySurges(sets []*set) bool {
	for _, s := range sets {
		if oracle.Surges(s.DaemonSet) {
			return true
		}
	}
	return false
}

func names(pods []*podRecord) string {
	var out []string
	for _, p := range pods {
		out = append(out, p.Name)
	}
	return strings.Join(out, ", ")
}

func oldPodGoneFirst(l *ledger, next *history.State, e history.Entry) string {
	pod, sets := l.made(next, e)
	if pod == nil || anySurges(sets) {
		return ""
	}
	at := place{controllerUID(pod), oracle.TargetNode(pod)}
	for _, p := range l.on[at] {
		if p.owner == at.set && oracle.Terminating(p.Pod) && !oracle.Terminal(p.Pod) {
			return fmt.Sprintf("pod %s was created on node %s while pod %s there was still terminating (phase %s)", pod.Name, at.node, p.Name, p.Status.Phase)
		}
	}
	return ""
}

func createdWhereEligible(l *ledger, next *history.State, e history.Entry) string {
	pod, sets := l.made(next, e)
	if pod == nil {
		return ""
	}
	node := oracle.TargetNode(pod)
	if node == "" {
		return fmt.Sprintf("pod %s was created for no node: it is neither bound nor pinned by metadata.name", pod.Name)
	}
	if some, _, last := l.wants(sets, node, toRun); !some {
		return fmt.Sprintf("pod %s was created for node %s, which %s (and so for the last %s)", pod.Name, node, last.Reason, Lag)
	}
	return ""
}

func nothingForDeleted(l *ledger, next *history.State, e history.Entry) string {
	if e.Change != history.Added || e.Kind != history.KindPod && e.Kind != history.KindControllerRevision {
		return ""
	}
	var owner types.UID
	switch o := e.Object.(type) {
	case *corev1.Pod:
		owner = controllerUID(o)
	case *appsv1.ControllerRevision:
		owner = controllerUID(o)
	}
	v := l.sets[owner]
	if v == nil || madeByHand(next, e.Kind, metaOf(e)) {
		return ""
	}
	for _, s := range v.recent(l.now) {
		if s != nil && s.DeletionTimestamp == nil {
			return ""
		}
	}
	return fmt.Sprintf("%s %s was created for a DaemonSet that has been in deletion for more than %s", e.Kind, e.Name, Lag)
}

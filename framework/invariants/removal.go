package invariants

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// removed is a deletion of a live pod by the controller of its DaemonSet.
type removed struct {
	*podRecord
	at   place
	sets []*set
	// beside are the other live pods of the DaemonSet on the node.
	beside []*podRecord
}

// removal gives the deletion, if the entry is one: the first sign that a live
// pod of a standing DaemonSet is being deleted, and no other hand's mark on it.
func (l *ledger) removal(next *history.State, e history.Entry) (removed, bool) {
	pod, ok := e.Object.(*corev1.Pod)
	if !ok || e.Change != history.Modified && e.Change != history.Deleted {
		return removed{}, false
	}
	rec := l.pods[pod.UID]
	if rec == nil || oracle.Terminating(rec.Pod) || oracle.Terminal(rec.Pod) || oracle.Terminal(pod) {
		return removed{}, false
	}
	if !oracle.Terminating(pod) && e.Change != history.Deleted {
		return removed{}, false
	}
	if !rec.ended.IsZero() && l.now.Sub(rec.ended) <= Lag {
		return removed{}, false // seen Failed, then written over by the kubelet
	}
	out := removed{podRecord: rec, at: place{controllerUID(rec.Pod), oracle.TargetNode(rec.Pod)}}
	if out.at.node == "" || !l.alive(out.at.set) || !byController(next, pod) {
		return removed{}, false
	}
	out.sets = l.recentSets(next, out.at.set)
	for _, p := range l.live(out.at) {
		if p.UID != pod.UID {
			out.beside = append(out.beside, p)
		}
	}
	return out, true
}

// outdated tells whether the pod is not of the version's template; unknown while
// no ControllerRevision holds that template.
func (s *set) outdated(pod *corev1.Pod) (yes, known bool) {
	if s.hash == "" {
		return false, false
	}
	return !oracle.Updated(pod, s.DaemonSet, s.hash), true
}

// excess tells whether the pod may have been deleted as one too many on its
// node: without surge beside any other; with surge beside another that is, as
// it is itself, of the present template or not.
func (r removed) excess() bool {
	for _, s := range r.sets {
		if len(r.beside) > 0 && !oracle.Surges(s.DaemonSet) {
			return true
		}
		old, known := s.outdated(r.Pod)
		for _, p := range r.beside {
			if other, ok := s.outdated(p.Pod); !known || !ok || other == old {
				return true
			}
		}
	}
	return false
}

// rolling tells whether every version within Lag replaces pods by itself.
func rolling(sets []*set) bool {
	for _, s := range sets {
		if s.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
			return false
		}
	}
	return len(sets) > 0
}

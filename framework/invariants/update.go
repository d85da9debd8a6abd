package invariants

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

func updateRules() []Invariant {
	return []Invariant{
		{
			ID:       "max-unavailable",
			Sentence: "A rolling update MUST NOT take an available pod from a node when that leaves more eligible nodes without an available pod than maxUnavailable.",
			Clauses:  []string{"DS-RUM-002", "DS-RUM-003", "DS-RUM-005", "DS-RUM-007", "DS-RUS-001"},
			New:      remember(maxUnavailable),
		},
		{
			ID:       "max-surge",
			Sentence: "A rolling update MUST NOT start new pods beside available old ones on more nodes than maxSurge at once.",
			Clauses:  []string{"DS-RUS-002", "DS-RUS-003"},
			New:      remember(maxSurge),
		},
		{
			ID:       "no-needless-deletion",
			Sentence: "A controller MUST NOT delete the only live pod of a node that may keep it while the pod is of the present template, nor at all under OnDelete.",
			Clauses:  []string{"DS-CHG-004", "DS-OND-001", "DS-PLC-014", "DS-POD-010", "DS-RUM-012", "DS-RUM-021"},
			New:      remember(noNeedlessDeletion),
		},
	}
}

// maxUnavailable blames only the deletion of a pod that the controller has seen
// available, on a node that loses its availability by it, and counts only nodes
// that the controller knows to be without: by its own deed, or for Lag.
func maxUnavailable(l *ledger, next *history.State, e history.Entry) string {
	r, ok := l.removal(next, e)
	if !ok || !rolling(r.sets) || r.excess() {
		return ""
	}
	minReady := least(r.sets)
	if !l.surelyAvailable(r.podRecord, most(r.sets)) {
		return ""
	}
	if _, all, _ := l.wants(r.sets, r.at.node, toRun); !all {
		return ""
	}
	for _, p := range r.beside {
		// The node keeps an available pod, or kept one until a moment ago.
		if l.available(p, minReady) || !p.unready.IsZero() && l.now.Sub(p.unready) <= Lag {
			return ""
		}
	}
	without, desired := l.without(r, minReady)
	limit := 0
	for _, s := range r.sets {
		n, _, err := oracle.Budget(s.DaemonSet, max(desired, int(s.Status.DesiredNumberScheduled)))
		if err != nil {
			return ""
		}
		limit = max(limit, n)
	}
	if len(without) <= limit {
		return ""
	}
	l.over = len(without) - limit
	return fmt.Sprintf("available pod %s was deleted from node %s, which leaves %d of %d eligible nodes without an available pod (%s), and maxUnavailable allows %d",
		r.Name, r.at.node, len(without), desired, shortList(without), limit)
}

// without lists the nodes that are eligible beyond doubt and without an
// available pod to the controller's knowledge, the removal's own among them.
func (l *ledger) without(r removed, minReady int32) (nodes []string, desired int) {
	for _, name := range slices.Sorted(maps.Keys(l.nodes)) {
		some, all, _ := l.wants(r.sets, name, toRun)
		if some {
			desired++
		}
		at := place{r.at.set, name}
		lostAt, lost := l.lost[at]
		switch {
		case name == r.at.node:
			nodes = append(nodes, name)
		case all && !l.anyAvailable(at, minReady) && (!lost || l.now.Sub(lostAt) > Lag) && len(l.on[at]) > 0:
			nodes = append(nodes, name)
		case all && len(l.on[at]) == 0 && l.emptied(at):
			nodes = append(nodes, name)
		}
	}
	return nodes, desired
}

// emptied tells whether the controller itself took the node's last pod, which
// it then knows to be without one. Just after the pod went a controller may
// still be deciding on what it saw a moment before.
func (l *ledger) emptied(at place) bool {
	taken, ok := l.taken[at]
	return ok && l.now.Sub(taken) > skew
}

func (l *ledger) anyAvailable(at place, minReady int32) bool {
	for _, p := range l.on[at] {
		if l.available(p, minReady) {
			return true
		}
	}
	return false
}

// least and most give the bounds of minReadySeconds over the versions.
func least(sets []*set) int32 {
	return slices.MinFunc(sets, func(a, b *set) int { return int(a.Spec.MinReadySeconds - b.Spec.MinReadySeconds) }).Spec.MinReadySeconds
}

func most(sets []*set) int32 {
	return slices.MaxFunc(sets, func(a, b *set) int { return int(a.Spec.MinReadySeconds - b.Spec.MinReadySeconds) }).Spec.MinReadySeconds
}

// maxSurge judges the creation of a pod beside an old one that the controller
// has seen available. Beside an unavailable one, or none, it is free.
func maxSurge(l *ledger, next *history.State, e history.Entry) string {
	pod, sets := l.made(next, e)
	if pod == nil || !rolling(sets) || !anySurges(sets) {
		return ""
	}
	own := place{controllerUID(pod), oracle.TargetNode(pod)}
	var surging []string
	desired := 0
	for _, name := range slices.Sorted(maps.Keys(l.nodes)) {
		if some, _, _ := l.wants(sets, name, toRun); some {
			desired++
		}
		at := place{own.set, name}
		hash := pod.Labels[appsv1.ControllerRevisionHashLabelKey]
		old, fresh := l.pair(at, hash, sets)
		if old && (fresh || name == own.node) {
			surging = append(surging, name)
		}
	}
	if !slices.Contains(surging, own.node) {
		return ""
	}
	limit := 0
	for _, s := range sets {
		_, n, err := oracle.Budget(s.DaemonSet, max(desired, int(s.Status.DesiredNumberScheduled)))
		if err != nil {
			return ""
		}
		limit = max(limit, n)
	}
	if len(surging) <= limit {
		return ""
	}
	l.over = len(surging) - limit
	return fmt.Sprintf("pod %s was created on node %s beside an available old pod, as on %d nodes at once (%s), and maxSurge allows %d",
		pod.Name, own.node, len(surging), shortList(surging), limit)
}

// pair tells whether the node holds an old pod, available beyond doubt, and a
// pod of the new hash that the controller knows to be unavailable.
func (l *ledger) pair(at place, hash string, sets []*set) (old, fresh bool) {
	for _, p := range l.live(at) {
		if p.Labels[appsv1.ControllerRevisionHashLabelKey] != hash {
			old = old || l.surelyAvailable(p, most(sets))
			continue
		}
		flapped := !p.unready.IsZero() && l.now.Sub(p.unready) <= Lag
		fresh = fresh || !flapped && !l.available(p, least(sets))
	}
	return old, fresh
}

func noNeedlessDeletion(l *ledger, next *history.State, e history.Entry) string {
	r, ok := l.removal(next, e)
	if !ok || len(r.beside) > 0 || l.crowded(r.at) {
		return ""
	}
	if _, all, _ := l.wants(r.sets, r.at.node, toKeep); !all {
		return ""
	}
	for _, s := range r.sets {
		if s.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
			continue
		}
		if old, known := s.outdated(r.Pod); !known || old {
			return ""
		}
	}
	return fmt.Sprintf("pod %s on node %s was deleted though it was the node's only live pod, is of the present template or its strategy is OnDelete, and the node may keep it", r.Name, r.at.node)
}

// crowded tells whether the node had another live pod within Lag: a controller
// that has not seen it go may take this one for one too many.
func (l *ledger) crowded(at place) bool {
	since, ok := l.pairs[at]
	return ok && l.now.Sub(since) <= Lag
}

// shortList names at most five.
func shortList(names []string) string {
	if len(names) > 5 {
		return strings.Join(names[:5], ", ") + fmt.Sprintf(" and %d more", len(names)-5)
	}
	return strings.Join(names, ", ")
}

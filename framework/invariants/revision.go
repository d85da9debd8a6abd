package invariants

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework/history"
)

func revisionRules() []Invariant {
	return []Invariant{{
		ID:       "revision-numbers",
		Sentence: "A ControllerRevision that a controller creates or renumbers MUST get a number higher than all others of its DaemonSet, and no number goes back.",
		Clauses:  []string{"DS-REV-005", "DS-REV-006", "DS-REV-018"},
		New:      remember(revisionNumbers),
	}}
}

func revisionNumbers(l *ledger, next *history.State, e history.Entry) string {
	cr, ok := e.Object.(*appsv1.ControllerRevision)
	if !ok || touchedByHand(next, history.KindControllerRevision, cr) {
		return ""
	}
	v := l.sets[controllerUID(cr)]
	if v == nil || v.last() == nil {
		return ""
	}
	before, known := l.revisions[cr.UID]
	switch {
	case e.Change == history.Modified && known && cr.Revision < before:
		return fmt.Sprintf("the number of ControllerRevision %s went back from %d to %d", cr.Name, before, cr.Revision)
	case e.Change == history.Modified && known && cr.Revision == before, e.Change != history.Added && e.Change != history.Modified, !known && e.Change == history.Modified:
		return ""
	}
	for _, other := range next.RevisionsOf(v.last().DaemonSet) {
		// One that the spec numbered by hand may stand anywhere until the controller has seen it.
		if other.UID == cr.UID || touchedByHand(next, history.KindControllerRevision, other) {
			continue
		}
		if other.Revision >= cr.Revision {
			return fmt.Sprintf("ControllerRevision %s got number %d, but %s has %d", cr.Name, cr.Revision, other.Name, other.Revision)
		}
	}
	return ""
}

package invariants

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework/history"
)

func statusRules() []Invariant {
	return []Invariant{
		{
			ID:       "status-arithmetic",
			Sentence: "Every status MUST satisfy 0 <= available <= ready <= current <= desired, updated <= current and unavailable = desired - available.",
			Clauses:  []string{"DS-STA-006", "DS-STA-007"},
			New:      statusArithmetic,
		},
		{
			ID:       "observed-generation",
			Sentence: "observedGeneration MUST NOT exceed the generation and MUST NOT go back.",
			Clauses:  []string{"DS-STA-008"},
			New:      observedGeneration,
		},
		{
			ID:       "collision-count",
			Sentence: "collisionCount MUST NOT go back.",
			Clauses:  []string{"DS-STA-015"},
			New:      collisionCount,
		},
	}
}

// statusWritten gives the DaemonSet of the entry with its last version, if the
// entry holds a status that no hand but the controller's wrote: a spec that
// edits a status says so in an action, and its figures are its own until the
// controller has had time to write over them.
func statusWritten(prev, next *history.State, e history.Entry) (old, cur *appsv1.DaemonSet) {
	cur, ok := e.Object.(*appsv1.DaemonSet)
	if !ok || e.Change == history.Deleted {
		return nil, nil
	}
	for _, a := range next.ActionsOn(history.KindDaemonSet, cur) {
		if says(a.Text, "status") && next.Now().Sub(a.Time).Abs() <= Lag {
			return nil, nil
		}
	}
	old = prev.In(e.Namespace).DaemonSet(e.Name)
	if old != nil && old.UID != cur.UID {
		old = nil
	}
	return old, cur
}

func statusArithmetic() Check {
	return func(prev, next *history.State, e history.Entry) *Violation {
		_, ds := statusWritten(prev, next, e)
		if ds == nil {
			return nil
		}
		s := ds.Status
		var wrong []string
		say := func(bad bool, format string, args ...any) {
			if bad {
				wrong = append(wrong, fmt.Sprintf(format, args...))
			}
		}
		say(s.NumberAvailable < 0 || s.NumberMisscheduled < 0 || s.UpdatedNumberScheduled < 0, "a number is negative")
		say(s.NumberAvailable > s.NumberReady, "available %d > ready %d", s.NumberAvailable, s.NumberReady)
		say(s.NumberReady > s.CurrentNumberScheduled, "ready %d > current %d", s.NumberReady, s.CurrentNumberScheduled)
		say(s.CurrentNumberScheduled > s.DesiredNumberScheduled, "current %d > desired %d", s.CurrentNumberScheduled, s.DesiredNumberScheduled)
		say(s.UpdatedNumberScheduled > s.CurrentNumberScheduled, "updated %d > current %d", s.UpdatedNumberScheduled, s.CurrentNumberScheduled)
		say(s.NumberUnavailable != s.DesiredNumberScheduled-s.NumberAvailable, "unavailable %d is not desired %d - available %d",
			s.NumberUnavailable, s.DesiredNumberScheduled, s.NumberAvailable)
		if len(wrong) == 0 {
			return nil
		}
		return &Violation{Message: fmt.Sprintf("the status of DaemonSet %s contradicts itself: %s", ds.Name, strings.Join(wrong, "; "))}
	}
}

func observedGeneration() Check {
	return func(prev, next *history.State, e history.Entry) *Violation {
		old, ds := statusWritten(prev, next, e)
		switch {
		case ds == nil:
		case ds.Status.ObservedGeneration > ds.Generation:
			return &Violation{Message: fmt.Sprintf("DaemonSet %s has observed generation %d while its generation is %d", ds.Name, ds.Status.ObservedGeneration, ds.Generation)}
		case old != nil && ds.Status.ObservedGeneration < old.Status.ObservedGeneration:
			return &Violation{Message: fmt.Sprintf("observedGeneration of DaemonSet %s went back from %d to %d", ds.Name, old.Status.ObservedGeneration, ds.Status.ObservedGeneration)}
		}
		return nil
	}
}

func collisionCount() Check {
	count := func(ds *appsv1.DaemonSet) int32 {
		if ds.Status.CollisionCount == nil {
			return 0
		}
		return *ds.Status.CollisionCount
	}
	return func(prev, next *history.State, e history.Entry) *Violation {
		old, ds := statusWritten(prev, next, e)
		if ds == nil || old == nil || count(ds) >= count(old) {
			return nil
		}
		return &Violation{Message: fmt.Sprintf("collisionCount of DaemonSet %s went back from %d to %d", ds.Name, count(old), count(ds))}
	}
}

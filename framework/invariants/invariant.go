package invariants

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dsconform/dsconform/framework/history"
)

// Lag is how far a controller may trail the store. A healthy watch trails by
// milliseconds; but one burst of 250 creates, decided at once, takes 12.5 s at
// the default client rate of 20 a second.
const Lag = 15 * time.Second

// Invariant is one rule.
type Invariant struct {
	// ID is stable; specs except themselves from a rule by it.
	ID string
	// Sentence says the rule.
	Sentence string
	// Clauses are the behaviours (DS-...) that the rule follows from.
	Clauses []string
	// New makes a check with a memory of its own, for one log.
	New func() Check
}

// Check judges one entry. prev is the picture before it, next the one after;
// both see all namespaces, move on after the call and must not be kept. A
// violation is given for the entry that breaks the rule, nil otherwise.
type Check func(prev, next *history.State, e history.Entry) *Violation

// Violation is a broken rule with its evidence.
type Violation struct {
	// Invariant is the rule's ID.
	Invariant string
	// Entry is the first entry after which the rule is broken.
	Entry history.Entry
	// Message says what is wrong, on which object.
	Message string
	// Over is by how many nodes a bound was exceeded; zero for rules without one.
	Over int
	// Late tells that what breaks the rule is that Lag has passed: on a machine where
	// the controller does not get to work, nothing follows from that.
	Late bool
}

// String gives rule, message and entry in one line.
func (v Violation) String() string {
	return fmt.Sprintf("%s: %s (entry %v)", v.Invariant, v.Message, v.Entry)
}

// Result is what became of a log.
type Result struct {
	// Violations are in the order of the log, at most ten for each rule.
	Violations []Violation
	// Unknown says why part of the log could not be judged; empty if all was.
	Unknown string
}

// mostViolations of one rule are kept: after ten the reader knows.
const mostViolations = 10

// All gives the rules in a fixed order.
func All() []Invariant {
	return slices.Concat(placementRules(), podRules(), updateRules(), statusRules(), truthRules(), objectRules(), revisionRules())
}

// Sentence gives the rule's sentence, or the ID itself if there is no such rule.
func Sentence(id string) string {
	if id == quiescent {
		return "A controller that has nothing left to do MUST NOT write."
	}
	for _, inv := range All() {
		if inv.ID == id {
			return inv.Sentence
		}
	}
	return id
}

// Judge applies every rule, but for those that except names (each with its
// reason), to every entry of the log. Violations before a gap stand; what comes
// after a gap is not judged, for the picture may be wrong there.
func Judge(entries []history.Entry, except map[string]string) Result {
	var rules []Invariant
	unknown := maps.Clone(except)
	for _, inv := range All() {
		if _, excepted := except[inv.ID]; !excepted {
			rules = append(rules, inv)
		}
		delete(unknown, inv.ID)
	}
	out := judge(entries, rules)
	for _, id := range slices.Sorted(maps.Keys(unknown)) {
		out.Unknown = strings.TrimPrefix(out.Unknown+"; the spec excepts "+id+", which is no invariant", "; ")
	}
	return out
}

func judge(entries []history.Entry, rules []Invariant) Result {
	var out Result
	log := history.Sorted(entries)
	prev, next := history.NewState(""), history.NewState("")
	// A spec may have noted a deed after its effect arrived.
	prev.Preload(log)
	next.Preload(log)
	checks, found := make([]Check, len(rules)), make([]int, len(rules))
	for i, r := range rules {
		checks[i] = r.New()
	}
	for i, e := range log {
		if e.Change == history.Gap {
			out.Unknown = fmt.Sprintf("after entry %d of the log no rule can be judged: %s", e.Seq, e.Text)
			break
		}
		if i > 0 {
			prev.Apply(log[i-1])
		}
		next.Apply(e)
		for j, check := range checks {
			v := check(prev, next, e)
			if v == nil || found[j] == mostViolations {
				continue
			}
			found[j]++
			v.Invariant = rules[j].ID
			if v.Entry.Seq == 0 {
				v.Entry = e
			}
			out.Violations = append(out.Violations, *v)
		}
	}
	return out
}

// rule is the body of a check: it gives what is wrong, or "". The ledger holds
// what was before the entry; next is the picture after it.
type rule func(l *ledger, next *history.State, e history.Entry) string

// remember makes a check of a rule that looks at a ledger.
func remember(r rule) func() Check {
	return func() Check {
		l := newLedger()
		return func(_, next *history.State, e history.Entry) *Violation {
			l.now, l.over = next.Now(), 0
			var v *Violation
			if wrong := r(l, next, e); wrong != "" {
				v = &Violation{Entry: e, Message: wrong, Over: l.over}
			}
			l.observe(next, e)
			return v
		}
	}
}

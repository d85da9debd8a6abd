package result

import (
	"fmt"
	"slices"
)

// Score counts the verdicts of some mutants.
type Score struct {
	// Of is what it counts: an area's name, or "all".
	Of string
	// Counts are the mutants of each state.
	Counts map[State]int
}

// Judged is how many of them count for the score: those that were tried and are
// not equivalent. That a trial gave no verdict is no merit of the suite.
func (s Score) Judged() int {
	return s.Counts[Killed] + s.Counts[Survived] + s.Counts[Unjudged] + s.Counts[Broken]
}

// Total is how many they are.
func (s Score) Total() int {
	n := 0
	for _, c := range s.Counts {
		n += c
	}
	return n
}

// String is the score as "12/13 = 92.3 %", or "-" where nothing was judged.
func (s Score) String() string {
	if s.Judged() == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d = %.1f %%", s.Counts[Killed], s.Judged(), 100*float64(s.Counts[Killed])/float64(s.Judged()))
}

// Scores gives the score of each area, in the order of the mutants, and last that of all.
func (r *Result) Scores() []Score {
	var out []Score
	all := Score{Of: "all", Counts: map[State]int{}}
	for _, m := range r.Mutants {
		i := slices.IndexFunc(out, func(s Score) bool { return s.Of == m.Area })
		if i < 0 {
			i = len(out)
			out = append(out, Score{Of: m.Area, Counts: map[State]int{}})
		}
		state := m.State
		if state == Pending && m.Seconds > 0 {
			state = Unjudged // no spec of its clauses killed it
		}
		out[i].Counts[state]++
		all.Counts[state]++
	}
	return append(out, all)
}

// In gives the mutants of that state, in their order.
func (r *Result) In(state State) []Mutant {
	var out []Mutant
	for _, m := range r.Mutants {
		if m.State == state {
			out = append(out, m)
		}
	}
	return out
}

// Disproved gives the mutants that were declared equivalent and killed.
func (r *Result) Disproved() []Mutant {
	return slices.DeleteFunc(r.In(Killed), func(m Mutant) bool { return m.Proof == "" })
}

// WithoutMutant gives the specs that no mutant lists among its clauses, neither
// themselves nor by what they cover.
func (r *Result) WithoutMutant() []Spec {
	meant := map[string]bool{}
	for _, m := range r.Mutants {
		for _, c := range m.Clauses {
			meant[c] = true
		}
	}
	var out []Spec
	for _, s := range r.Specs {
		if !slices.ContainsFunc(append([]string{s.ID}, s.Covers...), func(id string) bool { return meant[id] }) {
			out = append(out, s)
		}
	}
	return out
}

// Idle gives the specs that kill no mutant, and those that kill no mutant alone:
// every mutant they kill another spec kills, too. It only means something where
// all specs were run against all mutants.
func (r *Result) Idle() (never, notAlone []Spec) {
	kills, alone := map[string]int{}, map[string]int{}
	for _, m := range r.Mutants {
		for _, k := range m.KilledBy {
			kills[k.Spec]++
			if len(m.KilledBy) == 1 {
				alone[k.Spec]++
			}
		}
	}
	for _, s := range r.Specs {
		switch {
		case slices.Contains(r.Baseline.Skipped, s.ID):
		case kills[s.ID] == 0:
			never = append(never, s)
		case alone[s.ID] == 0:
			notAlone = append(notAlone, s)
		}
	}
	return never, notAlone
}

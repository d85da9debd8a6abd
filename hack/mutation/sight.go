package main

import (
	"cmp"
	"slices"

	"github.com/dsconform/dsconform/hack/internal/command"
	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/reports"
)

// sight is what a trial showed of a mutant.
type sight struct {
	// kills are the specs that failed.
	kills []result.Kill
	// judged are the specs that passed, or were skipped for good reason.
	judged []string
	// unknown are the specs without a verdict; reason is why the first of them has none.
	unknown []string
	reason  string
	// broken says why the trial shows nothing of the mutant; empty where it does.
	broken string
}

// see reads a trial's report. A mutant that ended by itself was not judged: what
// its end let fail says nothing of the defect.
func see(r *reports.Report, err error) sight {
	if err != nil {
		return sight{broken: command.OneLine(err)}
	}
	var s sight
	if p := r.Environment.Subject.Process; p != nil && p.Restarts > 0 {
		s.broken = "the mutant ended by itself: " + p.LastExit
		if n := len(p.Tail); n > 0 {
			s.broken += ": " + p.Tail[n-1]
		}
		return s
	}
	for _, spec := range r.Specs {
		switch spec.State {
		case reports.Failed:
			s.kills = append(s.kills, result.Kill{Spec: spec.ID, Seconds: spec.DurationSeconds, Reason: spec.Reason})
		case reports.Passed, reports.Skipped:
			s.judged = append(s.judged, spec.ID)
		case reports.Unknown:
			s.unknown = append(s.unknown, spec.ID)
			if s.reason == "" {
				s.reason = spec.ID + ": " + spec.Reason
			}
		}
	}
	// The likeliest cause first: what failed soonest.
	slices.SortStableFunc(s.kills, func(a, b result.Kill) int { return cmp.Compare(a.Seconds, b.Seconds) })
	return s
}

// apply puts what was seen into the mutant's verdict, and gives which of the
// specs are still to be judged.
func (s sight) apply(m *result.Mutant, left []string) []string {
	switch {
	case s.broken != "":
		m.State, m.Reason = result.Broken, s.broken
	case len(s.kills) > 0:
		m.State, m.KilledBy, m.Reason, m.Unknown = result.Killed, s.kills, "", nil
	default:
		m.Reason = s.reason
	}
	return without(left, s.judged)
}

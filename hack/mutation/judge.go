package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/reports"
)

// judge judges one mutant after the other; several may do so at once.
type judge struct {
	// executable and program are dsconform and the program of mutants.
	executable, program string
	// specs are the suite's, skipped those that the baseline could not judge here.
	specs   []result.Spec
	skipped []string
	// out is the folder of the trials, names what their clusters' names begin with.
	out, names string
	// procs is how many specs run at once in a trial; 0 for dsconform's default.
	procs int
	// seed orders the specs.
	seed int64
	// clauseLimit bounds a trial of a mutant's clauses, wholeLimit one of the suite.
	clauseLimit, wholeLimit time.Duration
	// keep leaves the trials' folders.
	keep bool
	// run does a trial; trial.Trial.Run but in tests.
	run func(context.Context, trial.Trial) (*reports.Report, error)
}

// wholeRounds bounds how often the suite is begun with one mutant: again without
// what was judged, where a spec failed that then did not fail alone, or where
// some stayed without a verdict.
const wholeRounds = 4

// byClauses judges a mutant by the specs of its clauses. Where that gives no
// verdict it stays pending.
func (j *judge) byClauses(ctx context.Context, m result.Mutant, slot string) result.Mutant {
	left := without(specsOf(m.Clauses, j.specs), j.skipped)
	if len(left) > 0 {
		seen := j.look(ctx, m, slot, "clauses", j.clauseLimit, trial.Trial{Focus: left, FailFast: true})
		left = seen.apply(&m, left)
	}
	if m.State != result.Pending || ctx.Err() != nil || m.Proof == "" {
		return m
	}
	if len(left) > 0 {
		m.State, m.Unknown, m.Reason = result.Unjudged, left, "declared equivalent; without a verdict: "+m.Reason
		return m
	}
	m.State = result.Equivalent
	return m
}

// byAll judges a mutant by every spec, up to the first one that fails twice.
func (j *judge) byAll(ctx context.Context, m result.Mutant, slot string) result.Mutant {
	all := without(idsOf(j.specs), j.skipped)
	left := all
	m.Whole = true
	for round := 0; round < wholeRounds && len(left) > 0; round++ {
		seen := j.look(ctx, m, slot, fmt.Sprintf("whole-%d", round+1), j.wholeLimit, trial.Trial{Skip: without(all, left), FailFast: true})
		if ctx.Err() != nil {
			return m
		}
		kills := seen.kills
		seen.kills = nil
		if left = seen.apply(&m, left); m.State != result.Pending {
			return m
		}
		for _, k := range kills {
			again := j.confirm(ctx, m, slot, []result.Kill{k})
			if again.apply(&m, nil); m.State != result.Pending || ctx.Err() != nil {
				return m
			}
			m.Unconfirmed = append(m.Unconfirmed, k.Spec)
			left = without(left, []string{k.Spec})
		}
	}
	return j.conclude(m, left)
}

// byEach judges a mutant by every spec without an early end, for the matrix.
func (j *judge) byEach(ctx context.Context, m result.Mutant, slot string) result.Mutant {
	left := without(idsOf(j.specs), j.skipped)
	m.Whole = true
	seen := j.look(ctx, m, slot, "all", 0, trial.Trial{Focus: left})
	if seen.broken == "" && len(seen.unknown) > 0 && ctx.Err() == nil {
		more := j.look(ctx, m, slot, "again", 0, trial.Trial{Focus: seen.unknown})
		seen.kills, seen.judged, seen.broken = append(seen.kills, more.kills...), append(seen.judged, more.judged...), more.broken
	}
	if ctx.Err() != nil {
		return m
	}
	own := specsOf(m.Clauses, j.specs)
	var sure, doubtful []result.Kill
	for _, k := range seen.kills {
		if slices.Contains(own, k.Spec) {
			sure = append(sure, k)
		} else {
			doubtful = append(doubtful, k)
		}
	}
	seen.kills = sure
	if len(doubtful) > 0 && seen.broken == "" {
		again := j.confirm(ctx, m, slot, doubtful)
		if ctx.Err() != nil {
			return m
		}
		seen.kills = append(seen.kills, again.kills...)
		seen.broken = again.broken
		for _, k := range doubtful {
			if !slices.ContainsFunc(again.kills, func(a result.Kill) bool { return a.Spec == k.Spec }) {
				m.Unconfirmed = append(m.Unconfirmed, k.Spec)
				seen.judged = append(seen.judged, k.Spec)
			}
		}
	}
	left = seen.apply(&m, left)
	return j.conclude(m, left)
}

// conclude gives the verdict on a mutant that no spec has killed.
func (j *judge) conclude(m result.Mutant, left []string) result.Mutant {
	if m.State != result.Pending {
		return m
	}
	switch {
	case len(left) > 0:
		m.State, m.Unknown = result.Unjudged, left
		if m.Reason == "" {
			m.Reason = "the suite did not come to its end: " + strings.Join(m.Unconfirmed, ", ") + " failed, and passed when run again"
		}
	case m.Proof != "":
		m.State, m.Reason = result.Equivalent, ""
	default:
		m.State, m.Reason = result.Survived, ""
	}
	return m
}

// confirm runs specs that failed once more, by themselves.
func (j *judge) confirm(ctx context.Context, m result.Mutant, slot string, kills []result.Kill) sight {
	var again []string
	for _, k := range kills {
		again = append(again, k.Spec)
	}
	return j.look(ctx, m, slot, "confirm-"+again[0], j.clauseLimit, trial.Trial{Focus: again})
}

// look does a trial with a mutant and says what was seen.
func (j *judge) look(ctx context.Context, m result.Mutant, slot, name string, limit time.Duration, t trial.Trial) sight {
	t.Executable, t.Name, t.Out = j.executable, j.names+"-"+slot, filepath.Join(j.out, m.ID, name)
	t.Subject, t.Faults, t.Procs, t.Seed, t.Limit = "command:"+j.program, true, j.procs, j.seed, limit
	t.Env = []string{trial.MutantEnv(m.ID)}
	if len(m.Environment) > 0 {
		t.Controllers = trial.Controllers(m.Environment)
	}
	t.Admission = m.Admission
	report, err := j.run(ctx, t)
	seen := see(report, err)
	if !j.keep && seen.broken == "" {
		// What is left of hundreds of trials would fill the disk. The report stays, as the cause of the verdict.
		for _, big := range []string{"failures", "cluster-logs", "workers.log", "ginkgo.log", "junit.xml"} {
			if gone := os.RemoveAll(filepath.Join(t.Out, big)); gone != nil && seen.reason == "" {
				seen.reason = gone.Error()
			}
		}
	}
	return seen
}

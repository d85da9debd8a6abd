package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/reports"
)

// run is how a trial is done outside of tests.
func run(ctx context.Context, t trial.Trial) (*reports.Report, error) { return t.Run(ctx) }

// run does the whole job and gives the verdict as an error: of class
// NotConformant for survivors, of class Environment for mutants without a verdict.
func (o options) run(ctx context.Context, out io.Writer, do func(context.Context, trial.Trial) (*reports.Report, error)) error {
	now, err := o.begin(ctx)
	if err != nil {
		return err
	}
	anew, err := choose(now.Mutants, o.mutants)
	if err != nil {
		return err
	}
	s := &session{
		judge: &judge{
			executable: o.executable, program: o.program, specs: now.Specs, out: o.trials, names: o.names,
			procs: o.procs, seed: o.seed, clauseLimit: o.clauseLimit, wholeLimit: o.wholeLimit, keep: o.keep, run: do,
		},
		result: now, file: o.file, jobs: o.jobs, out: out, begun: time.Now(),
	}
	if err := o.continueFrom(s, anew); err != nil {
		return err
	}
	if err := s.green(ctx); err != nil {
		return err
	}
	if err := s.run(ctx, anew); err != nil {
		return exit.Environmentf("%w", err)
	}
	if err := s.save(); err != nil {
		return exit.Environmentf("%w", err)
	}
	return o.end(ctx, s)
}

// begin gives the result before anything was judged.
func (o options) begin(ctx context.Context) (*result.Result, error) {
	key, err := trial.Key(o.executable, o.program)
	if err != nil {
		return nil, exit.Environmentf("%w (make mutation builds it)", err)
	}
	program, err := trial.Key(o.program)
	if err != nil {
		return nil, exit.Environmentf("%w", err)
	}
	r := &result.Result{
		APIVersion: result.APIVersion, Kind: result.Kind, Key: key, Program: program, Version: trial.Version(ctx), Machine: trial.Here(),
		Started: time.Now().UTC(), Jobs: o.jobs, Matrix: o.matrix, Baseline: noBaseline(),
	}
	if r.Mutants, err = list(ctx, o.program); err != nil {
		return nil, err
	}
	r.Specs, err = specs(ctx, o.executable)
	return r, err
}

// continueFrom takes over what an earlier run found out, where that is asked for.
func (o options) continueFrom(s *session, anew map[string]bool) error {
	if !o.resume && len(o.mutants) == 0 {
		return nil
	}
	old, err := earlier(o.file, s.result)
	if err != nil {
		return exit.Usagef("%w", err)
	}
	if old == nil {
		fmt.Fprintf(s.out, "   nothing in %s was found with these programs: all is judged anew\n", o.file)
		return nil
	}
	if o.resume {
		anew = nil
	}
	s.before = old.Seconds
	fmt.Fprintf(s.out, "   %d verdicts of %s are kept\n", takeOver(s.result, old, anew), o.file)
	return nil
}

// green makes sure that the unmutated controller passes by the same way.
func (s *session) green(ctx context.Context) error {
	b := &s.result.Baseline
	if !b.Green {
		fmt.Fprintf(s.out, "   the unmutated controller is judged first, %d specs in %d shares\n", len(s.result.Specs), s.jobs)
		var err error
		if *b, s.result.Kubernetes, err = s.judge.baseline(ctx, s.jobs); err != nil {
			return err
		}
		if err = s.save(); err != nil {
			return exit.Environmentf("%w", err)
		}
		if !b.Green {
			return exit.Environmentf("the unmutated controller does not pass, so that no kill would mean anything: %s (see %s/%s)", strings.Join(b.Wrong, ", "), s.judge.out, trial.Unmutated)
		}
		fmt.Fprintf(s.out, "ok the unmutated controller: %d specs passed, %d are skipped, in %.0fs\n", b.Passed, len(b.Skipped), b.Seconds)
	}
	s.judge.skipped = b.Skipped
	return nil
}

// end shows the score, makes the page where every mutant has had its turn, and
// gives the verdict.
func (o options) end(ctx context.Context, s *session) error {
	r := s.result
	for _, score := range r.Scores() {
		fmt.Fprintf(s.out, "   %-12s %s\n", score.Of, score)
	}
	pending := r.In(result.Pending)
	if len(pending) == 0 {
		if err := o.writePage(s.out); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(s.out, "   %s is not made: %d mutants were not judged (--resume goes on, --page makes it all the same)\n", o.page, len(pending))
	}
	if survivors := append(r.In(result.Survived), r.Disproved()...); len(survivors) > 0 {
		return exit.NotConformantf("the suite does not kill, or proofs do not hold of: %s", names(survivors))
	}
	if open := append(r.In(result.Unjudged), r.In(result.Broken)...); len(open) > 0 {
		return exit.Environmentf("without a verdict: %s", names(open))
	}
	if len(pending) > 0 && ctx.Err() != nil {
		return exit.Environmentf("%d mutants were not judged: %w", len(pending), context.Cause(ctx))
	}
	return nil
}

func names(mutants []result.Mutant) string {
	var out []string
	for _, m := range mutants {
		out = append(out, m.ID)
	}
	return strings.Join(out, ", ")
}

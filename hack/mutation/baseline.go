package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/reports"
)

// baseline judges the unmutated controller through the program of mutants, with
// as many trials at once as the mutants will be judged by: each gets its share of
// the specs, so that the load is the same. What does not pass is run once more; a
// kill means nothing where the unmutated controller does not pass.
func (j *judge) baseline(ctx context.Context, jobs int) (result.Baseline, string, error) {
	begun := time.Now()
	out := noBaseline()
	shares := make([][]string, jobs)
	for i, s := range j.specs {
		shares[i%jobs] = append(shares[i%jobs], s.ID)
	}
	var (
		mu         sync.Mutex
		kubernetes string
		doubtful   []string
	)
	group, sharing := errgroup.WithContext(ctx)
	for i, share := range shares {
		if len(share) == 0 {
			continue
		}
		group.Go(func() error {
			report, err := j.unmutated(sharing, strconv.Itoa(i), share)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			kubernetes = report.Environment.KubernetesVersion
			out.Passed += report.Summary.Passed
			out.Skipped = append(out.Skipped, trial.In(report, reports.Skipped)...)
			note(out.Took, report)
			doubtful = append(append(doubtful, trial.In(report, reports.Failed)...), trial.In(report, reports.Unknown)...)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return out, "", err
	}
	if len(doubtful) > 0 {
		report, err := j.unmutated(ctx, "again", doubtful)
		if err != nil {
			return out, "", err
		}
		out.Repeated = append(out.Repeated, trial.In(report, reports.Passed)...)
		out.Passed += report.Summary.Passed
		out.Skipped = append(out.Skipped, trial.In(report, reports.Skipped)...)
		note(out.Took, report)
		out.Wrong = append(append(out.Wrong, trial.In(report, reports.Failed)...), trial.In(report, reports.Unknown)...)
	}
	out.Seconds = time.Since(begun).Seconds()
	out.Green = len(out.Wrong) == 0 && out.Passed > 0
	return out, kubernetes, nil
}

// note adds how long each spec of the report took.
func note(took map[string]float64, report *reports.Report) {
	for _, s := range report.Specs {
		took[s.ID] = max(took[s.ID], s.DurationSeconds)
	}
}

// noBaseline is a baseline that nothing is known of, with no list that is null.
func noBaseline() result.Baseline {
	return result.Baseline{Skipped: []string{}, Repeated: []string{}, Wrong: []string{}, Took: map[string]float64{}}
}

func (j *judge) unmutated(ctx context.Context, slot string, specs []string) (*reports.Report, error) {
	t := trial.Trial{
		Executable: j.executable, Name: j.names + "-" + slot, Out: fmt.Sprintf("%s/%s/%s", j.out, trial.Unmutated, slot),
		Subject: "command:" + j.program, Faults: true, Focus: specs, Procs: j.procs, Seed: j.seed,
		Env: []string{trial.MutantEnv(trial.Unmutated)},
	}
	report, err := j.run(ctx, t)
	if err != nil {
		return nil, exit.Environmentf("judge the unmutated controller: %w", err)
	}
	if ctx.Err() != nil {
		return nil, exit.Environmentf("judge the unmutated controller: %w", context.Cause(ctx))
	}
	if p := report.Environment.Subject.Process; p != nil && p.Restarts > 0 {
		return nil, exit.Environmentf("the unmutated controller ended by itself: %s (see %s)", p.LastExit, t.Out)
	}
	return report, nil
}

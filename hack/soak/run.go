package main

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/reports"
)

// errorsInARow is how many runs without a report end the soak: then it is the
// machine that does not work, and hours more would tell no more.
const errorsInARow = 3

// run does the runs that are still to be done, writes the counts and the page,
// and gives the budget's verdict: of class NotConformant where it is exceeded.
func (o options) run(ctx context.Context, out io.Writer, do func(context.Context, trial.Trial) (*reports.Report, error)) error {
	key, err := trial.Key(o.executable)
	if err != nil {
		return exit.Environmentf("%w (make soak builds it)", err)
	}
	if o.fresh {
		if err = os.Remove(o.lines); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return exit.Environmentf("begin anew: %w", err)
		}
	}
	records, err := counted(o.lines, key)
	if err != nil {
		return exit.Environmentf("%w", err)
	}
	if len(records) > 0 {
		fmt.Fprintf(out, "   %d runs of %s are counted\n", len(records), o.lines)
	}
	specs, err := trial.Catalogue(ctx, o.executable)
	if err != nil {
		return exit.Environmentf("%w", err)
	}
	k := &keeper{lines: o.lines, runs: o.runs, records: records, out: out}
	err = trial.Slots(ctx, o.jobs, o.runs-len(records), func(ctx context.Context, slot, piece int) error {
		if !o.turn(ctx, piece) || k.broken() {
			return nil
		}
		r, failed := o.one(ctx, key, slot, specs, do)
		if failed != nil || ctx.Err() != nil {
			return failed // nil where it was cut short
		}
		return k.keep(r)
	})
	if err != nil {
		return exit.Environmentf("%w", err)
	}
	return o.end(ctx, out, key, k.records)
}

// turn waits until that run may begin; false where it was cut short.
func (o options) turn(ctx context.Context, run int) bool {
	if run >= o.jobs {
		return true // It begins when another has ended.
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Duration(run) * o.apart):
		return true
	}
}

// keeper keeps the records of runs that end at any time.
type keeper struct {
	lines string
	runs  int
	out   io.Writer

	mu      sync.Mutex
	records []record
	// inARow counts the last runs that have no report.
	inARow int
}

// broken tells whether so many runs had no report that there need be no more.
func (k *keeper) broken() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.inARow >= errorsInARow
}

// keep appends the run to the file and shows its line.
func (k *keeper) keep(r record) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := trial.AddLine(k.lines, r); err != nil {
		return err
	}
	k.records = append(k.records, r)
	fmt.Fprintf(k.out, "%s [%d/%d]\n", line(r), len(k.records), k.runs)
	if k.inARow++; r.Error == "" {
		k.inARow = 0
	}
	return nil
}

// one does one run, on a cluster of the slot's own.
func (o options) one(ctx context.Context, key string, slot int, specs []trial.Spec, do func(context.Context, trial.Trial) (*reports.Report, error)) (record, error) {
	var raw [4]byte
	_, _ = crand.Read(raw[:]) // Read never fails.
	seed := int64(binary.BigEndian.Uint32(raw[:])) + 1
	draw := rand.New(rand.NewPCG(uint64(seed), 0))
	loops := draw.IntN(o.loops + 1)
	t := trial.Trial{
		Executable: o.executable, Name: fmt.Sprintf("%s-%d", o.name, slot), Out: filepath.Join(o.trials, fmt.Sprintf("seed-%d", seed)),
		Subject: o.subject, Faults: true, Focus: drawn(specs, o.sample, draw), Procs: o.procs, Seed: seed,
	}
	stop, err := busy(ctx, loops)
	if err != nil {
		return record{}, err
	}
	begun := time.Now()
	report, runErr := do(ctx, t)
	stop()
	r := record{Passed: []string{}, Wrong: []wrong{}}
	if runErr != nil {
		r.Error = strings.Join(strings.Fields(runErr.Error()), " ")
	} else {
		r = recordOf(report)
	}
	r.Key, r.Seed, r.Loops, r.Jobs, r.Started, r.Seconds = key, seed, loops, o.jobs, begun.UTC(), time.Since(begun).Seconds()
	if r.Error == "" && len(r.Wrong) == 0 {
		err = os.RemoveAll(t.Out)
	}
	return r, err
}

// drawn gives n of the specs in the catalogue's order; none, which means all, for 0.
func drawn(specs []trial.Spec, n int, draw *rand.Rand) []string {
	if n == 0 || n >= len(specs) {
		return nil
	}
	var out []string
	for _, i := range slices.Sorted(slices.Values(draw.Perm(len(specs))[:n])) {
		out = append(out, specs[i].ID)
	}
	return out
}

func line(r record) string {
	what := fmt.Sprintf("seed %d, %d busy loops, %s", r.Seed, r.Loops, time.Duration(r.Seconds*float64(time.Second)).Round(time.Second))
	switch {
	case r.Error != "":
		return "?? " + what + ": " + r.Error
	case len(r.Wrong) == 0:
		return fmt.Sprintf("ok %s: %d passed", what, len(r.Passed))
	}
	var ids []string
	for _, w := range r.Wrong {
		ids = append(ids, w.Spec+" "+string(w.State))
	}
	return fmt.Sprintf("!! %s: %d passed; %s", what, len(r.Passed), strings.Join(ids, ", "))
}

// end writes what was found out and judges the budget.
func (o options) end(ctx context.Context, out io.Writer, key string, records []record) error {
	if len(records) == 0 {
		return exit.Environmentf("no run came to its end: %w", context.Cause(ctx))
	}
	s := sum(records)
	s.Key, s.Version, s.Machine, s.Wanted = key, trial.Version(context.WithoutCancel(ctx)), trial.Here(), o.runs
	s.Sample, s.Budget = o.sample, o.budget
	s.Over = over(s)
	if err := errors.Join(trial.WriteJSON(o.file, s), trial.WriteFile(o.doc, []byte(page(s)))); err != nil {
		return exit.Environmentf("%w", err)
	}
	fmt.Fprintf(out, "   %d runs, %d of them clean; %d verdicts, %d failed, %d unknown: with 95 %% confidence at most %s do not pass\n   %s is made of %s\n",
		s.Runs, s.Clean, s.All.Judged, s.All.Failed, s.All.Unknown, percent(s.All.Upper), o.doc, o.file)
	switch {
	case s.All.Judged == 0:
		return exit.Environmentf("no run has a report: %s", s.Errors[len(s.Errors)-1])
	case s.Over != "":
		return exit.NotConformantf("the budget is exceeded: %s", s.Over)
	case s.Runs < o.runs:
		return exit.Environmentf("%d of %d runs were done (the next make soak goes on): %w", s.Runs, o.runs, context.Cause(ctx))
	}
	return nil
}

// over says why the budget is exceeded; empty where it is not.
func over(s summary) string {
	var why []string
	if s.All.Failed > 0 {
		why = append(why, fmt.Sprintf("%d verdicts accuse a controller that is right", s.All.Failed))
	}
	if len(s.Errors) > 0 {
		why = append(why, fmt.Sprintf("%d runs have no report", len(s.Errors)))
	}
	if s.All.Upper > s.Budget {
		text := fmt.Sprintf("up to %s of the verdicts may be wrong, and %s are let pass", percent(s.All.Upper), percent(s.Budget))
		if s.All.wrong() == 0 {
			text += " (nothing was wrong: there were too few runs to tell)"
		}
		why = append(why, text)
	}
	return strings.Join(why, "; ")
}

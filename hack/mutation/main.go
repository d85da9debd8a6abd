package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/dsconform/dsconform/hack/internal/command"
	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/internal/exit"
)

func main() { command.Main(context.Background(), "mutation", work) }

// options are the flags.
type options struct {
	executable, program string
	mutants             []string
	file, page          string
	upstream, trials    string
	names               string
	jobs, procs         int
	seed                int64
	matrix, resume      bool
	keep, pageOnly      bool
	budget              time.Duration
	clauseLimit         time.Duration
	wholeLimit          time.Duration
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("mutation", flag.ContinueOnError)
	flags.StringVar(&o.executable, "dsconform", "out/mutation/bin/dsconform", "the dsconform to judge by")
	flags.StringVar(&o.program, "program", "out/mutation/bin/mutants", "the program of mutants")
	words := flags.String("mutants", "", "judge only these `IDs` or areas, with commas between them; the other verdicts of the file stay, if they were found with the same programs")
	flags.StringVar(&o.file, "out", "out/mutation.json", "the file of the result")
	flags.StringVar(&o.page, "doc", "docs/mutation.md", "the page to make of it")
	flags.StringVar(&o.upstream, "upstream", "docs/mutation-upstream.jsonl", "the verdicts of Kubernetes' own specs, if there are any")
	flags.StringVar(&o.trials, "trials", "out/mutation", "the folder of the single trials")
	flags.StringVar(&o.names, "name", "mutation", "what the names of the simulated clusters begin with")
	flags.IntVar(&o.jobs, "jobs", 12, "how many mutants are judged at once; each has a control plane of its own, of some 600 MiB, which mostly waits")
	flags.IntVar(&o.procs, "procs", 6, "how many specs run at once for each; 0 for dsconform's default")
	flags.Int64Var(&o.seed, "seed", 1, "the seed that orders the specs")
	flags.BoolVar(&o.matrix, "matrix", false, "run every spec against every mutant")
	flags.BoolVar(&o.resume, "resume", false, "keep the verdicts of the file that were found with the same programs")
	flags.BoolVar(&o.keep, "keep", false, "keep the logs and bundles of every trial")
	flags.BoolVar(&o.pageOnly, "page", false, "only make the page of the file again")
	flags.DurationVar(&o.budget, "budget", 0, "end the run after this time, as by Ctrl-C; 0 for no such end")
	flags.DurationVar(&o.clauseLimit, "clause-limit", 10*time.Minute, "the limit of a trial of a mutant's clauses; some specs need six minutes to fail")
	flags.DurationVar(&o.wholeLimit, "whole-limit", 20*time.Minute, "the limit of a trial of the whole suite")
	if err := command.ParseAll(flags, args, out); err != nil {
		return o, err
	}
	o.mutants = command.Words(*words)
	switch {
	case o.jobs < 1:
		return o, exit.Usagef("--jobs is %d; it must be 1 or more", o.jobs)
	case o.procs < 0:
		return o, exit.Usagef("--procs is %d; it must be 0 or more", o.procs)
	}
	return o, command.Absolute(&o.executable, &o.program, &o.trials)
}

// work is what the command does.
func work(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	if o.pageOnly {
		return o.writePage(out)
	}
	if o.budget > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.budget, fmt.Errorf("the budget of %s is used up", o.budget))
		defer cancel()
	}
	return o.run(ctx, out, run)
}

// record is the file of the result that stays beside the page: out/ is gone with
// the machine, and the page is made again when Kubernetes' own specs have judged more.
func (o options) record() string { return strings.TrimSuffix(o.page, filepath.Ext(o.page)) + ".json" }

// writePage makes the page of the file.
func (o options) writePage(out io.Writer) error {
	r, err := result.Read(o.file)
	if err != nil {
		return exit.Usagef("%w", err)
	}
	if !r.Baseline.Green {
		return exit.Usagef("%s has no green run of the unmutated controller: its verdicts mean nothing", o.file)
	}
	upstream, err := result.ReadUpstream(o.upstream)
	if err != nil {
		return exit.Usagef("%w", err)
	}
	if err := trial.WriteFile(o.page, []byte(result.Page(r, upstream))); err != nil {
		return exit.Environmentf("%w", err)
	}
	if err := trial.WriteJSON(o.record(), r); err != nil {
		return exit.Environmentf("%w", err)
	}
	fmt.Fprintf(out, "   %s is made of %s\n", o.page, o.file)
	return nil
}

package main

import (
	"context"
	"flag"
	"io"
	"runtime"
	"time"

	"github.com/dsconform/dsconform/hack/internal/command"
	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/reports"
)

func main() {
	command.Main(context.Background(), "soak", func(ctx context.Context, args []string, out io.Writer) error {
		if len(args) == 1 && args[0] == busyWord {
			burn(ctx)
			return nil
		}
		return work(ctx, args, out)
	})
}

// options are the flags.
type options struct {
	executable, subject string
	runs, sample, loops int
	jobs, procs         int
	apart               time.Duration
	budget              float64
	lines, file, doc    string
	trials, name        string
	fresh               bool
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.StringVar(&o.executable, "dsconform", "out/soak/bin/dsconform", "the dsconform to judge by")
	flags.StringVar(&o.subject, "subject", "release", "the controller to judge, as dsconform run --subject takes it: one that is right")
	flags.IntVar(&o.runs, "runs", 100, "how many runs there are to be, those of the file included")
	flags.IntVar(&o.sample, "sample", 0, "how many specs, drawn by the seed, each run judges; 0 for the whole suite")
	flags.IntVar(&o.loops, "load", runtime.GOMAXPROCS(0), "beside each run there are 0 to this many busy loops, drawn by the seed")
	flags.IntVar(&o.jobs, "jobs", runtime.GOMAXPROCS(0), "how many runs there are at once, each with its own cluster: load for one another")
	flags.DurationVar(&o.apart, "apart", 2*time.Minute, "how long after one another the first of the jobs begin: so that some judge many specs at once while others are at those that run alone, and mostly wait")
	flags.IntVar(&o.procs, "procs", 0, "how many specs run at once; 0 for dsconform's default")
	flags.Float64Var(&o.budget, "budget", 0.001, "the greatest upper 95 % bound for the share of verdicts that are wrong")
	flags.StringVar(&o.lines, "lines", "docs/reliability.jsonl", "the file to which each run's verdict is appended")
	flags.StringVar(&o.file, "out", "out/soak.json", "the file of the counts")
	flags.StringVar(&o.doc, "doc", "docs/reliability.md", "the page to make of it")
	flags.StringVar(&o.trials, "trials", "out/soak", "the folder of the runs' logs; those of runs in which all passed are removed")
	flags.StringVar(&o.name, "name", "soak", "how the names of the simulated clusters begin")
	flags.BoolVar(&o.fresh, "fresh", false, "begin anew: the earlier runs are left out and the file that lists them is removed")
	if err := command.ParseAll(flags, args, out); err != nil {
		return o, err
	}
	switch {
	case o.runs < 1 || o.jobs < 1:
		return o, exit.Usagef("--runs is %d and --jobs %d; both must be 1 or more", o.runs, o.jobs)
	case o.sample < 0 || o.loops < 0 || o.procs < 0 || o.apart < 0:
		return o, exit.Usagef("--sample, --load, --procs and --apart must be 0 or more")
	case o.budget <= 0 || o.budget >= 1:
		return o, exit.Usagef("--budget is %v; it is a share between 0 and 1", o.budget)
	}
	return o, command.Absolute(&o.executable, &o.trials)
}

// work is what the command does.
func work(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	return o.run(ctx, out, func(ctx context.Context, t trial.Trial) (*reports.Report, error) { return t.Run(ctx) })
}

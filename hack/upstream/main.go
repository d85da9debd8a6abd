package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/hack/internal/command"
	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/internal/exit"
)

func main() { command.Main(context.Background(), "upstream", work) }

// options are the flags.
type options struct {
	dsconform, program string
	mutants            []string
	file, folder       string
	names              string
	jobs, nodes        int
	budget, whole      time.Duration
	kubeconfig         string
	buildOnly          bool
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("upstream", flag.ContinueOnError)
	flags.StringVar(&o.dsconform, "dsconform", "bin/dsconform", "the dsconform that makes the clusters")
	flags.StringVar(&o.program, "program", "bin/mutants", "the program of mutants")
	words := flags.String("mutants", "", "judge only these `IDs` or areas, with commas between them")
	flags.StringVar(&o.file, "out", "docs/mutation-upstream.jsonl", "the file of the verdicts, a line each; a later call, here or on another machine, goes on from those of the same programs")
	flags.StringVar(&o.folder, "trials", "out/upstream", "the folder of the single trials")
	flags.StringVar(&o.names, "name", "upstream", "what the names of the simulated clusters begin with")
	flags.IntVar(&o.jobs, "jobs", 2, "how many mutants are judged at once")
	flags.IntVar(&o.nodes, "nodes", 3, "how many simulated workers a cluster has")
	flags.DurationVar(&o.budget, "limit", 20*time.Minute, "the limit of one mutant: the specs themselves wait up to five minutes at a time")
	flags.DurationVar(&o.whole, "budget", 0, "end the run after this time, as by Ctrl-C; 0 for no such end")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "only run all the specs, those of specs.yaml that are left out too, against this cluster as it is")
	flags.BoolVar(&o.buildOnly, "build", false, "only build the program of the specs, and list them")
	if err := command.ParseAll(flags, args, out); err != nil {
		return o, err
	}
	o.mutants = command.Words(*words)
	switch {
	case o.jobs < 1:
		return o, exit.Usagef("--jobs is %d; it must be 1 or more", o.jobs)
	case o.nodes < 1:
		return o, exit.Usagef("--nodes is %d; it must be 1 or more", o.nodes)
	}
	return o, command.Absolute(&o.dsconform, &o.program, &o.folder)
}

// work is what the command does.
func work(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	chosen, err := readSelection(declared)
	if err != nil {
		return exit.Internalf("%w", err)
	}
	executable, err := build(ctx, binaries.DefaultKubernetes, out)
	if err != nil {
		return exit.Environmentf("build Kubernetes' specs: %w", err)
	}
	s := suite{executable: executable, selection: chosen}
	names, err := s.list(ctx, o.folder)
	switch {
	case err != nil:
		return exit.Environmentf("list Kubernetes' specs: %w", err)
	case o.buildOnly:
		fmt.Fprintf(out, "%s\n%s\n", executable, strings.Join(names, "\n"))
		return nil
	case o.kubeconfig != "":
		return s.show(ctx, o.kubeconfig, o.folder, out)
	}
	if err = chosen.compare(names); err != nil {
		return exit.Internalf("%w", err)
	}
	if o.whole > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.whole, fmt.Errorf("the budget of %s is used up", o.whole))
		defer cancel()
	}
	return o.judge(ctx, s, out)
}

// judge judges the mutants by the specs.
func (o options) judge(ctx context.Context, s suite, out io.Writer) error {
	all, err := trial.Mutants(ctx, o.program)
	if err != nil {
		return err
	}
	if all, err = trial.Choose(all, o.mutants); err != nil {
		return err
	}
	mutants, err := trial.Key(o.program)
	if err != nil {
		return exit.Environmentf("%w", err)
	}
	specs, err := trial.Key(s.executable)
	if err != nil {
		return exit.Environmentf("%w", err)
	}
	ses := &session{
		judge:   &judge{dsconform: o.dsconform, program: o.program, suite: s, out: o.folder, names: o.names, nodes: o.nodes, budget: o.budget},
		mutants: mutants, specs: specs, file: o.file, jobs: o.jobs, out: out,
	}
	if err := ses.load(); err != nil {
		return exit.Environmentf("%w", err)
	}
	if err := ses.green(ctx); err != nil {
		return err
	}
	if err := ses.run(ctx, all); err != nil {
		return exit.Environmentf("%w", err)
	}
	return ses.verdict(ctx, all)
}

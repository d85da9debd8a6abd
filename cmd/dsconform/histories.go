package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/fixtures"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/histories"
	"github.com/dsconform/dsconform/framework/kubectl"
	"github.com/dsconform/dsconform/framework/run"
	"github.com/dsconform/dsconform/framework/subject"
	"github.com/dsconform/dsconform/internal/exit"
)

// historiesFlags are the flags of `dsconform histories`.
type historiesFlags struct {
	// run makes the cluster and the controller under test, as for a run of specs.
	run       runFlags
	sequences int
	lanes     int
	shrink    time.Duration
	replay    string
	set       *pflag.FlagSet
}

// The defaults of histories.
const (
	defaultSequences = 500
	defaultLanes     = 16
	defaultShrink    = 10 * time.Minute
)

func newHistoriesCommand() *cobra.Command {
	f := &historiesFlags{}
	cmd := &cobra.Command{
		Use:   "histories",
		Short: "Judge the DaemonSet controller by random sequences of edits",
		Long: "histories draws sequences of edits to a DaemonSet, its nodes and its pods from a seed, and plays them, several at once, on nodes of their own. " +
			"On every event the invariants are judged, and at rest the end must be that of a fresh DaemonSet with the same specification. " +
			"The first sequence that fails is shrunk to a minimal one, which is printed as the file that --replay takes.\n\n" +
			"The verdict is the exit code: 0 conformant, 1 not conformant, 2 wrong usage, 3 the environment stopped us, 4 a fault of dsconform.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.judge(cmd.Context()) },
	}
	f.register(cmd.Flags())
	return cmd
}

func (f *historiesFlags) register(flags *pflag.FlagSet) {
	f.set, f.run.set = flags, flags
	f.run.images = string(fixtures.Own)
	f.run.cluster.register(flags)
	f.run.cluster.provider = sim.ProviderName
	flags.Lookup("cluster").DefValue = sim.ProviderName
	flags.Lookup("nodes").DefValue = fmt.Sprintf("%d for each lane", histories.MostNodes)
	flags.IntVar(&f.sequences, "sequences", defaultSequences, "how many sequences are played; with --replay, how often that one is (then 1 unless told)")
	flags.IntVar(&f.lanes, "lanes", defaultLanes, "how many sequences are played at once")
	flags.Int64Var(&f.run.seed, "seed", 0, "the seed that the sequences are drawn from; 0 picks one, which stands in the report")
	flags.DurationVar(&f.shrink, "shrink", defaultShrink, "how long to look for a minimal sequence once one has failed; 0 for not at all")
	flags.StringVar(&f.replay, "replay", "", "play the sequence of this file, which a failure has printed")
	flags.StringVar(&f.run.out, "out", "out/histories", "the folder for report, logs and failure bundles")
	flags.BoolVar(&f.run.strict, "strict", false, "let known deviations of released Kubernetes fail")
	flags.BoolVar(&f.run.keep, "keep", false, "leave the cluster running at the end")
	f.run.registerSubject(flags)
}

// check reads the flags that need no cluster, so that a typing error costs nothing.
func (f *historiesFlags) check() ([]histories.Sequence, error) {
	switch {
	case f.sequences < 1:
		return nil, exit.Usagef("--sequences is %d; it must be 1 or more", f.sequences)
	case f.lanes < 1:
		return nil, exit.Usagef("--lanes is %d; it must be 1 or more", f.lanes)
	case f.shrink < 0:
		return nil, exit.Usagef("--shrink is %s; it must be 0 or more", f.shrink)
	case f.replay != "" && f.run.seed != 0:
		return nil, exit.Usagef("--seed draws sequences and --replay has one: leave one of them out")
	}
	if !f.set.Changed("nodes") {
		if err := f.set.Set("nodes", strconv.Itoa(f.lanes*histories.MostNodes)); err != nil {
			return nil, exit.Internalf("setting --nodes: %w", err)
		}
	}
	if f.replay == "" {
		f.run.seed = orRandom(f.run.seed)
		return drawn(f.run.seed, f.sequences), nil
	}
	one, err := histories.Read(f.replay)
	if err != nil {
		return nil, exit.Usagef("--replay: %w", err)
	}
	if one.Name == "" {
		one.Name = f.replay
	}
	if !f.set.Changed("sequences") {
		f.sequences = 1
	}
	out := make([]histories.Sequence, f.sequences)
	for i := range out {
		out[i] = one
	}
	return out, nil
}

func drawn(seed int64, n int) []histories.Sequence {
	out := make([]histories.Sequence, n)
	for i := range out {
		out[i] = histories.Draw(seed, i+1)
	}
	return out
}

// judge does the whole job; what it makes it removes again.
func (f *historiesFlags) judge(ctx context.Context) (err error) {
	started := time.Now()
	sequences, err := f.check()
	if err != nil {
		return err
	}
	if err = f.run.chooseSubject(); err != nil {
		return err
	}
	out, err := prepareOut(f.run.out, historiesJSON, historiesText, minimalFile, "workers.log", "failures", "cluster-logs", subject.LogName)
	if err != nil {
		return err
	}
	if err = run.LogTo(out); err != nil {
		return exit.Environmentf("%w", err)
	}
	log := steps.New(os.Stdout)
	if err = f.run.buildSubject(ctx, log); err != nil {
		return err
	}
	target, names, err := f.run.prepare(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.run.done(context.WithoutCancel(ctx), target, log)) }()
	plan := run.Plan{Seed: f.run.seed, Log: log, Config: target.config()}
	plan.Config.Settings = framework.Settings{
		Run: runID(), Version: version, OutDir: out, Images: names,
		KubectlExe: []string{executable(), kubectl.Word}, Timeouts: framework.DefaultTimeouts(), Strict: f.run.strict,
		Gate: gate(),
	}
	under, err := f.run.startSubject(ctx, target, &plan)
	if err != nil {
		return err
	}
	if under != nil {
		defer func() { err = errors.Join(err, closeSubject(ctx, under, plan)) }()
	}
	report, err := f.play(ctx, target, plan, sequences)
	if err != nil {
		return err
	}
	report.Subject = f.subject(ctx, target, under, plan)
	report.Started, report.Finished = started.UTC(), time.Now().UTC()
	if report.Failed+report.Unknown > 0 {
		collectLogs(ctx, target.cluster, plan)
	}
	return f.tell(out, report)
}

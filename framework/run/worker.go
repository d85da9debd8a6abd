package run

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"
	"k8s.io/klog/v2"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework"
)

// workerName is the name the executable is called by as a worker: Ginkgo's
// coordinator only runs files that end in .test.
const workerName = "dsconform.test"

// IsWorker tells whether this process was started as a worker.
func IsWorker(arg0 string) bool { return filepath.Base(arg0) == workerName }

// Execute runs one spec, ending it through the Reporter.
type Execute func(ctx context.Context, spec framework.Spec, r framework.Reporter)

// Prepare makes the worker ready to execute specs: it opens the cluster.
type Prepare func(context.Context, Config) (Execute, error)

// On is the Prepare that judges the cluster that open opens.
func On(open func(context.Context, Config) (clusters.Cluster, error)) Prepare {
	return func(ctx context.Context, config Config) (Execute, error) {
		cluster, err := open(ctx, config)
		if err != nil {
			return nil, fmt.Errorf("open the cluster: %w", err)
		}
		settings := config.Settings
		settings.Worker = ginkgo.GinkgoParallelProcess()
		return func(ctx context.Context, spec framework.Spec, r framework.Reporter) {
			framework.Execute(ctx, cluster, settings, spec, r)
		}, nil
	}
}

// Worker runs this process's share of the specs and gives the exit code.
func Worker(ctx context.Context, registry *framework.Registry, prepare Prepare) int {
	testing.Init()
	flag.Parse()
	config, err := readConfig(os.Getenv(configEnv))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	out, err := dial(ctx, config.Socket)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer out.conn.Close()
	if config.Bound {
		go endWithCommand(out.conn)
	}
	if err = LogTo(config.Settings.OutDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	execute, err := prepare(ctx, config)
	if err != nil {
		if told := out.send(message{Trouble: fmt.Sprintf("a worker cannot start: %v", err)}); told != nil {
			fmt.Fprintln(os.Stderr, told)
		}
		return 1
	}
	declare(registry, config, execute, out) //nolint:contextcheck // Ginkgo hands each spec a context of its own.
	t := &outcome{}
	suite, reporter := ginkgo.GinkgoConfiguration()
	gomega.RegisterFailHandler(ginkgo.Fail)
	if !ginkgo.RunSpecs(t, "dsconform", suite, reporter) || t.failed {
		return 1
	}
	return 0
}

// endWithCommand ends this process once the command has hung up, which it does
// first only if it was killed: it waits for its workers otherwise. What they
// would clean up has gone with it.
func endWithCommand(conn io.Reader) {
	_, _ = io.Copy(io.Discard, conn)
	fmt.Fprintln(os.Stderr, "the command is gone, and its cluster with it")
	os.Exit(1)
}

// outcome is what Ginkgo calls a testing.T.
type outcome struct{ failed bool }

// Fail implements ginkgo.GinkgoTestingT.
func (o *outcome) Fail() { o.failed = true }

// LogTo sends slog, and client-go's log through it, to one file of the folder for
// all workers of a run.
func LogTo(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, "workers.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the workers' log: %w", err)
	}
	h := slog.NewJSONHandler(io.Writer(f), nil)
	slog.SetDefault(slog.New(h))
	klog.SetLogger(logr.FromSlogHandler(h))
	return nil
}

// declare makes one Ginkgo node of each selected spec.
func declare(registry *framework.Registry, config Config, execute Execute, out *sender) {
	for _, id := range config.Specs {
		spec, ok := registry.Find(id)
		if !ok {
			// The command chose the IDs from the same registry.
			panic("spec " + id + " is not registered")
		}
		decoration := []any{ginkgo.Label(spec.ID, string(spec.Area), string(spec.Level)), ginkgo.SpecPriority(priority(spec))}
		if spec.Serial {
			decoration = append(decoration, ginkgo.Serial)
		}
		ginkgo.It(spec.ID+" "+spec.Title, append(decoration, func(ctx ginkgo.SpecContext) {
			must(out.send(message{Start: spec.ID}))
			execute(ctx, spec, reporter{cleanupTime(config.Settings.Timeouts)})
		})...)
	}
	ginkgo.ReportAfterEach(func(report ginkgo.SpecReport) {
		if len(report.LeafNodeLabels) == 0 {
			return
		}
		must(out.send(message{End: report.LeafNodeLabels[0], Report: &report}))
	})
}

// priority orders the specs, the highest first, so that they wait for each
// other's nodes as little as can be: those that make nodes come and go, which
// take longest, beside those that disturb nodes of their own; then those that
// share nodes; and last, among themselves, those that use every node and so must
// not meet the first. The seed orders those of one priority.
func priority(spec framework.Spec) int {
	p := 0
	switch {
	case spec.Nodes.Topology:
		p = 6
	case spec.Nodes.Exclusive:
		p = 4
	case !spec.Nodes.All:
		p = 2
	}
	if spec.Slow {
		p++
	}
	return p
}

// must stops the worker if the command is gone: nobody would hear its verdicts.
func must(err error) {
	if err != nil {
		ginkgo.AbortSuite(err.Error())
	}
}

// cleanupTime is for all the clean-ups of a spec, each of which may take its time,
// on a busy machine twice.
func cleanupTime(t framework.Timeouts) time.Duration { return 6 * t.Cleanup }

// reporter is the Reporter of a spec that Ginkgo runs.
type reporter struct{ cleanup time.Duration }

// Fail implements framework.Reporter.
func (reporter) Fail(text string) { ginkgo.Fail(text, 3) }

// Skip implements framework.Reporter.
func (reporter) Skip(reason string) { ginkgo.Skip(reason) }

// Failed implements framework.Reporter.
func (reporter) Failed() bool { return ginkgo.CurrentSpecReport().Failed() }

// Entry implements framework.Reporter.
func (reporter) Entry(name string, value any) {
	ginkgo.AddReportEntry(name, value, types.ReportEntryVisibilityNever)
}

// Defer implements framework.Reporter.
func (r reporter) Defer(do func(context.Context)) {
	ginkgo.DeferCleanup(func(ctx ginkgo.SpecContext) { do(ctx) }, ginkgo.NodeTimeout(r.cleanup))
}

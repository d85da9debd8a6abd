package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/fixtures"
	"github.com/dsconform/dsconform/fixtures/images"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/kubectl"
	"github.com/dsconform/dsconform/framework/run"
	"github.com/dsconform/dsconform/framework/subject"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/suites"
	"github.com/dsconform/dsconform/suites/rows"
)

// runFlags are the flags of `dsconform run`.
type runFlags struct {
	cluster   targetFlags
	focus     []string
	skip      []string
	smoke     bool
	strict    bool
	failFast  bool
	keep      bool
	procs     int
	seed      int64
	out       string
	manifests []string
	images    string
	subject   string
	faults    bool
	// leaderElection says that a program under test elects a leader.
	leaderElection bool
	matrix         string
	// chosen is the controller under test, and objects are its manifest's.
	chosen  subject.Choice
	objects []runtime.Object
	// whatever lists specs that are judged whatever their version constraint says.
	whatever []string
	set      *pflag.FlagSet
}

func newRunCommand() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Judge the DaemonSet controller of a cluster",
		Long: "run finds or makes a cluster, runs the specs on it and writes report.json, junit.xml and a summary.\n\n" +
			"The verdict is the exit code: 0 conformant, 1 not conformant, 2 wrong usage, 3 the environment stopped us, 4 a fault of dsconform.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.matrix != "" {
				return f.runMatrix(cmd.Context())
			}
			return f.run(cmd.Context())
		},
	}
	f.register(cmd.Flags())
	return cmd
}

func (f *runFlags) register(flags *pflag.FlagSet) {
	f.set = flags
	f.cluster.register(flags)
	flags.StringSliceVar(&f.focus, "focus", nil, "run only these specs, areas or levels (comma-separated, as DS-PLC-001,rollingupdate,core); an ID that other specs cover runs those")
	flags.StringSliceVar(&f.skip, "skip", nil, "leave out these specs, areas or levels")
	flags.BoolVar(&f.smoke, "smoke", false, "run only the short end-to-end run: at least one spec of each area")
	flags.BoolVar(&f.strict, "strict", false, "let known deviations of released Kubernetes fail")
	flags.BoolVar(&f.failFast, "fail-fast", false, "end the run with the first spec that fails: the rest is told as not judged")
	flags.BoolVar(&f.keep, "keep", false, "leave the cluster running at the end")
	flags.IntVar(&f.procs, "procs", defaultProcs, fmt.Sprintf("how many specs run at once (on simulated nodes %d, unless told)", simulatedProcs))
	flags.Int64Var(&f.seed, "seed", 0, "the seed that orders the specs; 0 picks one, which stands in the report")
	flags.StringVar(&f.out, "out", "out", "the folder for report, logs and failure bundles")
	flags.StringVar(&f.images, "images", string(fixtures.Own), "the images of the examples: own (built here), or upstream where a registry answers")
	flags.StringArrayVar(&f.manifests, "manifest", nil, "check that this manifest of yours decodes strictly before anything is started (may be given again)")
	f.registerSubject(flags)
	flags.StringVar(&f.matrix, "matrix", "", "judge each row of this version matrix on simulated nodes, as clusters/matrix.yaml; the reports go to folders below --out")
}

// registerSubject registers the flags that say which controller is judged.
func (f *runFlags) registerSubject(flags *pflag.FlagSet) {
	flags.StringVar(&f.subject, "subject", "", "the DaemonSet controller under test: command:PATH, a program that gets KUBECONFIG; manifest:FILE, a Deployment; or release:VERSION, that of a Kubernetes release, built here, as a program, release alone being that of --kubernetes-version (default the cluster's own)")
	flags.BoolVar(&f.leaderElection, "leader-election", false, "the program of --subject=command elects a leader where two of it run: it may hold leases, and the specs that start it twice can be run (a release's is known to)")
	flags.BoolVar(&f.faults, "faults", false, "put a proxy between the program of --subject and the API server, so that the specs that set faults there can be run; what they did to which request stands in the report")
}

// defaultProcs: specs mostly wait for the cluster, so that more of them than
// there are cores run at once.
const defaultProcs = 8

// simulatedProcs: no kubelet takes part of the cores.
const simulatedProcs = 36

// run does the whole job. What it makes it removes again, whatever happens,
// unless asked to keep it.
func (f *runFlags) run(ctx context.Context) (err error) {
	started := time.Now()
	registry := suites.All()
	if err = registry.Validate(); err != nil {
		return exit.Internalf("the suite's own specs are wrong: %w", err)
	}
	specs, err := f.selected(registry)
	if err != nil {
		return err
	}
	if err = f.chooseSubject(); err != nil {
		return err
	}
	out, err := prepareOut(f.out, outFiles()...)
	if err != nil {
		return err
	}
	log := steps.New(os.Stdout)
	if err = f.buildSubject(ctx, log); err != nil {
		return err
	}
	target, names, err := f.prepare(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.done(context.WithoutCancel(ctx), target, log)) }()
	// A worker without a spec would only take memory, and time to start.
	plan := run.Plan{Specs: specs, Procs: min(f.procs, len(specs)), Seed: f.seed, FailFast: f.failFast, Log: log}
	plan.Config = target.config()
	plan.Config.Settings = framework.Settings{
		Run: runID(), Version: version, OutDir: out, Images: names,
		KubectlExe: []string{executable(), kubectl.Word},
		Timeouts:   framework.DefaultTimeouts(), Strict: f.strict, Whatever: f.whatever,
		Gate: gate(),
	}
	under, err := f.startSubject(ctx, target, &plan)
	if err != nil {
		return err
	}
	if under != nil {
		defer func() { err = errors.Join(err, closeSubject(ctx, under, plan)) }()
	}
	return f.judge(ctx, target, under, plan, started)
}

// done ends the use of the cluster: it is deleted if this process made it, unless
// it is to be kept.
func (f *runFlags) done(ctx context.Context, t *target, log *steps.Log) error {
	if !f.keep {
		return t.close(ctx, log)
	}
	log.Notef("the cluster is kept: KUBECONFIG=%s", t.cluster.KubeconfigPath())
	return t.leave(ctx)
}

// prepare makes the cluster and, beside it, the images, and brings the two together.
// Whatever stops it on the way, a private engine is not left running for nothing.
func (f *runFlags) prepare(ctx context.Context, log *steps.Log) (t *target, names map[string]string, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, f.cluster.kind.stopEngine(context.WithoutCancel(ctx), log))
		}
	}()
	f.cluster.keep = f.keep
	if err = f.cluster.choose(ctx, log); err != nil {
		return nil, nil, err
	}
	if f.cluster.provider == sim.ProviderName && !f.cluster.sim.set.Changed("procs") {
		f.procs = simulatedProcs
	}
	if err = f.fitSubject(); err != nil {
		return nil, nil, err
	}
	var (
		group    errgroup.Group
		chosen   fixtures.ImageMap
		archives []images.Archive
		imageErr error
	)
	making, cancel := context.WithCancel(ctx)
	defer cancel()
	group.Go(func() error {
		chosen, archives, imageErr = imageMap(making, f.images, f.cluster.provider != sim.ProviderName, log)
		return imageErr
	})
	t, err = f.cluster.open(ctx, log)
	if err != nil {
		cancel()
		_ = group.Wait() // What stopped us is in err; the images were only stopped with it.
		return nil, nil, err
	}
	if err = group.Wait(); err == nil {
		err = t.load(ctx, archives, log)
	}
	if err != nil {
		return nil, nil, errors.Join(err, t.close(context.WithoutCancel(ctx), log))
	}
	return t, chosen.Names(), nil
}

// selected checks the flags that need no cluster, so that a typing error costs nothing.
func (f *runFlags) selected(registry *framework.Registry) ([]framework.Spec, error) {
	catalogue, err := rows.Load()
	if err != nil {
		return nil, exit.Internalf("%w", err)
	}
	specs, err := selectSpecs(registry, catalogue, framework.Selection{Focus: f.focus, Skip: f.skip, Smoke: f.smoke})
	if err != nil {
		return nil, err
	}
	if len(specs) == 0 {
		return nil, exit.Usagef("--focus, --skip and --smoke together leave no spec to run: take one of them away (see `dsconform catalogue`)")
	}
	if _, err := fixtures.ParseMode(f.images); err != nil {
		return nil, err
	}
	if f.procs < 1 {
		return nil, exit.Usagef("--procs is %d; it must be 1 or more", f.procs)
	}
	f.seed = orRandom(f.seed)
	for _, path := range f.manifests {
		if err := checkManifest(path); err != nil {
			return nil, err
		}
	}
	return specs, nil
}

// orRandom gives the seed, or another one if it is 0.
func orRandom(seed int64) int64 {
	for seed == 0 {
		var b [4]byte
		_, _ = rand.Read(b[:]) // Read never fails.
		seed = int64(binary.BigEndian.Uint32(b[:]))
	}
	return seed
}

// outFiles are what a run writes below its output folder.
func outFiles() []string {
	return []string{"report.json", "junit.xml", "summary.txt", "workers.log", "ginkgo.log", "failures", "cluster-logs", subject.LogName}
}

// prepareOut makes the output folder and clears what an earlier run left there,
// and nothing else: the folder may be the user's own. A full disk is found here.
func prepareOut(dir string, files ...string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", exit.Usagef("--out %s: %w", dir, err)
	}
	if err := os.MkdirAll(abs, 0o755); err != nil {
		return "", exit.Environmentf("cannot make the output folder: %w", err)
	}
	for _, name := range files {
		if err := os.RemoveAll(filepath.Join(abs, name)); err != nil {
			return "", exit.Environmentf("cannot clear the output folder: %w", err)
		}
	}
	probe := filepath.Join(abs, ".dsconform-probe")
	defer os.Remove(probe)
	if err := os.WriteFile(probe, make([]byte, 1<<20), 0o644); err != nil {
		return "", exit.Environmentf("cannot write to the output folder (1 MiB was tried): %w", err)
	}
	return abs, nil
}

// runID names the run in User-Agents and in the report.
func runID() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // Read never fails.
	return time.Now().UTC().Format("20060102-150405") + "-" + hex.EncodeToString(b[:])
}

// executable is our own path, for the children.
func executable() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// joinOr gives "a, b or c".
func joinOr(words []string) string {
	words = slices.Clone(words)
	if n := len(words); n > 1 {
		words = append(words[:n-2], words[n-2]+" or "+words[n-1])
	}
	return strings.Join(words, ", ")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/engine"
	"github.com/dsconform/dsconform/clusters/existing"
	"github.com/dsconform/dsconform/clusters/kind"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/framework/run"
	"github.com/dsconform/dsconform/internal/exit"
)

// runWorkers: five workers that specs lease, so that those which need nodes of
// their own do not wait for each other, and one that carries the maintenance taint.
const runWorkers = 6

// providers are the values of --cluster.
func providers() []string {
	return []string{"auto", kind.ProviderName, sim.ProviderName, existing.ProviderName}
}

// targetFlags say which cluster is judged.
type targetFlags struct {
	provider   string
	kubeconfig string
	context    string
	kind       clusterFlags
	sim        simFlags
	// beside is how many simulated nodes stand beside the cluster's own.
	beside int
	// keep lets a cluster made go on when this process ends.
	keep bool
}

func (f *targetFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.provider, "cluster", "auto", "where to judge: kind, sim (simulated nodes), existing (by --kubeconfig), or auto: kind where a container engine can be had, else sim")
	fs.StringVar(&f.kubeconfig, "kubeconfig", "", "the kubeconfig of an existing cluster")
	fs.StringVar(&f.context, "context", "", "the kubeconfig's context (default its current one)")
	fs.IntVar(&f.beside, "simulated-nodes", 0, "how many simulated nodes join a cluster of real ones, tainted "+sim.BesideTaint+"=true:NoSchedule so that only what tolerates it lands there")
	f.kind.register(fs)
	f.sim.register(fs)
	workers := fs.Lookup("workers")
	workers.DefValue = strconv.Itoa(runWorkers)
	f.kind.workers = runWorkers
}

// target is an open cluster and what must be done when it is no longer needed.
type target struct {
	cluster clusters.Cluster
	kind    *kind.Cluster
	made    bool
	flags   *targetFlags
	// beside are the simulated nodes beside the cluster's own; nil for none.
	beside *sim.Beside
}

// check refuses what cannot be meant, before anything is started.
func (f *targetFlags) check() error {
	if !slices.Contains(providers(), f.provider) {
		return exit.Usagef("--cluster is %q; it must be %s", f.provider, joinOr(providers()))
	}
	if (f.provider == kind.ProviderName || f.provider == sim.ProviderName) && f.kubeconfig != "" {
		return exit.Usagef("--kubeconfig names an existing cluster and --cluster=%s asks for a new one: leave one of them out", f.provider)
	}
	if f.provider == sim.ProviderName {
		if f.beside != 0 {
			return exit.Usagef("--simulated-nodes is for clusters of real nodes: with --cluster=sim, say --nodes")
		}
		return f.sim.check(&f.kind)
	}
	return sim.CheckBeside(f.beside)
}

// choose settles what auto means: the existing cluster if a kubeconfig is
// given, else kind if a container engine can be had, else simulated nodes.
func (f *targetFlags) choose(ctx context.Context, log *steps.Log) error {
	if err := f.check(); err != nil {
		return err
	}
	switch {
	case f.provider != "auto":
		return nil
	case f.kubeconfig != "":
		f.provider = existing.ProviderName
		return nil
	}
	_, err := f.kind.find(ctx, log)
	switch {
	case err == nil:
		f.provider = kind.ProviderName
		return nil
	case ctx.Err() != nil:
		return err
	}
	log.Notef("judging on simulated nodes, for no container engine can be had: %s", oneLine(err))
	f.provider = sim.ProviderName
	if f.sim.nodes < 1 {
		return exit.Usagef("--nodes is %d; it must be 1 or more", f.sim.nodes)
	}
	return nil
}

// open gives the cluster of the provider that choose has settled, with the
// simulated nodes that are to stand beside its own.
func (f *targetFlags) open(ctx context.Context, log *steps.Log) (*target, error) {
	t, err := f.openBare(ctx, log)
	if err != nil || f.beside == 0 || f.provider == sim.ProviderName {
		return t, err
	}
	t.beside, err = sim.JoinBeside(ctx, t.cluster, sim.Options{Workers: f.beside, BinariesDir: f.sim.binariesDir, Log: log})
	if err != nil {
		return nil, errors.Join(err, t.close(context.WithoutCancel(ctx), log))
	}
	return t, nil
}

// openBare is open without the nodes beside. A private engine that it starts
// runs on though it fails: prepare stops it.
func (f *targetFlags) openBare(ctx context.Context, log *steps.Log) (*target, error) {
	switch f.provider {
	case existing.ProviderName:
		c, err := existing.Open(ctx, f.kubeconfig, f.context)
		if err != nil {
			return nil, err
		}
		return &target{cluster: c, flags: f}, nil
	case sim.ProviderName:
		c, made, err := f.sim.get(ctx, &f.kind, !f.keep, log)
		if err != nil {
			return nil, err
		}
		return &target{cluster: c, made: made, flags: f}, nil
	}
	if _, err := engine.Preflight(ctx, cacheDir(), log); err != nil {
		return nil, err
	}
	c, made, err := f.kind.get(ctx, log)
	if err != nil {
		return nil, err
	}
	return &target{cluster: c, kind: c, made: made, flags: f}, nil
}

// close deletes the cluster if this process made it, and stops a private engine
// that runs nothing any more.
func (t *target) close(ctx context.Context, log *steps.Log) error {
	return errors.Join(t.leave(ctx), t.closeCluster(ctx, log))
}

// leave removes the simulated nodes beside real ones, whose kubelets would end
// with this process.
func (t *target) leave(ctx context.Context) error {
	if t.beside == nil {
		return nil
	}
	gone := t.beside
	t.beside = nil
	return gone.Leave(ctx)
}

func (t *target) closeCluster(ctx context.Context, log *steps.Log) error {
	if c, ok := t.cluster.(*existing.Cluster); ok {
		return c.Close()
	}
	if !t.made {
		return nil
	}
	if t.kind == nil {
		if c, ok := t.cluster.(ownCluster); ok {
			return c.Delete(ctx)
		}
		return nil
	}
	return errors.Join(t.kind.Delete(ctx), t.flags.kind.stopEngine(ctx, log))
}

// config tells the workers how to open the same cluster.
func (t *target) config() run.Config {
	c := run.Config{Provider: t.cluster.Provider(), ClusterName: t.cluster.Name(), Kubeconfig: t.cluster.KubeconfigPath()}
	if t.kind != nil {
		c.Runtime = t.kind.Runtime()
	}
	c.Bound = t.cluster.Provider() == sim.ProviderName && t.made && !t.flags.keep
	return c
}

// openCluster opens, in a worker, the cluster the command made or found.
func openCluster(ctx context.Context, config run.Config) (clusters.Cluster, error) {
	switch config.Provider {
	case kind.ProviderName:
		return kind.Open(ctx, inherited(config.Runtime), config.ClusterName)
	case sim.ProviderName:
		return sim.Open(ctx, config.ClusterName)
	case existing.ProviderName:
		return existing.Open(ctx, config.Kubeconfig, "")
	}
	return nil, fmt.Errorf("no provider is called %q", config.Provider)
}

// inherited is the engine whose command line has the name and whose address
// stands in the environment: the command that started this worker put it there.
type inherited string

// Runtime implements kind.Engine.
func (r inherited) Runtime() string { return string(r) }

// Command implements kind.Engine.
func (r inherited) Command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, string(r), args...)
}

// Apply implements kind.Engine.
func (inherited) Apply() error { return nil }

// cacheDir is dsconform's cache.
func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "dsconform")
}

// gate is the file by which specs of all runs of this user begin one after another.
func gate() string { return filepath.Join(cacheDir(), "gate.lock") }

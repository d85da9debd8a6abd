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
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/framework/run"
	"github.com/dsconform/dsconform/internal/exit"
)

// runWorkers: five workers that specs lease, so that those which need nodes of
// their own do not wait for each other, and one that carries the maintenance taint.
const runWorkers = 6

// providers are the values of --cluster.
func providers() []string { return []string{"auto", kind.ProviderName, existing.ProviderName} }

// targetFlags say which cluster is judged.
type targetFlags struct {
	provider   string
	kubeconfig string
	context    string
	kind       clusterFlags
}

func (f *targetFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.provider, "cluster", "auto", "where to judge: kind, existing (by --kubeconfig), or auto")
	fs.StringVar(&f.kubeconfig, "kubeconfig", "", "the kubeconfig of an existing cluster")
	fs.StringVar(&f.context, "context", "", "the kubeconfig's context (default its current one)")
	f.kind.register(fs)
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
}

// check refuses what cannot be meant, before anything is started.
func (f *targetFlags) check() error {
	if !slices.Contains(providers(), f.provider) {
		return exit.Usagef("--cluster is %q; it must be %s", f.provider, joinOr(providers()))
	}
	if f.provider == kind.ProviderName && f.kubeconfig != "" {
		return exit.Usagef("--kubeconfig names an existing cluster and --cluster=kind asks for a new one: leave one of them out")
	}
	return nil
}

// open gives the cluster. auto is the existing one if a kubeconfig is given, else kind.
func (f *targetFlags) open(ctx context.Context, log *steps.Log) (*target, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.provider == existing.ProviderName || f.kubeconfig != "" {
		c, err := existing.Open(ctx, f.kubeconfig, f.context)
		if err != nil {
			return nil, err
		}
		return &target{cluster: c, flags: f}, nil
	}
	if _, err := engine.Preflight(ctx, cacheDir(), log); err != nil {
		return nil, err
	}
	c, made, err := f.kind.get(ctx, log)
	if err != nil {
		return nil, errors.Join(err, f.stopEngine(context.WithoutCancel(ctx), log))
	}
	return &target{cluster: c, kind: c, made: made, flags: f}, nil
}

// close deletes the cluster if this process made it, and stops a private engine
// that runs nothing any more.
func (t *target) close(ctx context.Context, log *steps.Log) error {
	if c, ok := t.cluster.(*existing.Cluster); ok {
		return c.Close()
	}
	if !t.made {
		return nil
	}
	return errors.Join(t.kind.Delete(ctx), t.flags.stopEngine(ctx, log))
}

// stopEngine stops the private engine unless another cluster runs on it.
func (f *targetFlags) stopEngine(ctx context.Context, log *steps.Log) error {
	if !f.kind.privateEngine {
		return nil
	}
	e, err := engine.Open(ctx, "")
	if err != nil {
		return nil //nolint:nilerr // No private engine runs: there is nothing to stop.
	}
	left, err := kind.List(ctx, kind.Options{Engine: e})
	if err != nil || len(left) > 0 {
		return err
	}
	return log.Do(ctx, "stopping the private engine", 0, e.Stop)
}

// config tells the workers how to open the same cluster.
func (t *target) config() run.Config {
	c := run.Config{Provider: t.cluster.Provider(), ClusterName: t.cluster.Name(), Kubeconfig: t.cluster.KubeconfigPath()}
	if t.kind != nil {
		c.Runtime = t.kind.Runtime()
	}
	return c
}

// openCluster opens, in a worker, the cluster the command made or found.
func openCluster(ctx context.Context, config run.Config) (clusters.Cluster, error) {
	switch config.Provider {
	case kind.ProviderName:
		return kind.Open(ctx, inherited(config.Runtime), config.ClusterName)
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

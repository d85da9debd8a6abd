package main

import (
	"context"
	"slices"

	"github.com/spf13/pflag"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/engine"
	"github.com/dsconform/dsconform/clusters/kind"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// ownCluster is a cluster dsconform made, of whichever provider.
type ownCluster interface {
	clusters.Cluster
	clusters.NodeAdder
	clusters.NodeRemover
	clusters.KubeletStopper
	clusters.NodePauser
	clusters.NodeRebooter
	clusters.LogCollector
	KubernetesVersion() string
	Nodes(ctx context.Context) ([]string, error)
	Has(ctx context.Context, node string) error
	StopNode(ctx context.Context, node string) error
	StartNode(ctx context.Context, node string) error
	Healthy(ctx context.Context) error
	Delete(ctx context.Context) error
}

var (
	_ ownCluster = (*kind.Cluster)(nil)
	_ ownCluster = (*sim.Cluster)(nil)
)

// ownProviders are the providers that make clusters.
func ownProviders() []string { return []string{kind.ProviderName, sim.ProviderName} }

// existingFlags name a cluster that is there.
type existingFlags struct {
	name     string
	provider string
}

func (f *existingFlags) register(fs *pflag.FlagSet) {
	registerName(fs, &f.name)
	fs.StringVar(&f.provider, "provider", "", "whose cluster of that name is meant, kind or sim (default: the one there is)")
}

// find tells which provider has the cluster; where none has, it is kind, whose
// answer then says so.
func (f *existingFlags) find(ctx context.Context) (string, error) {
	if f.provider != "" {
		if !slices.Contains(ownProviders(), f.provider) {
			return "", exit.Usagef("--provider is %q; it must be %s", f.provider, joinOr(ownProviders()))
		}
		return f.provider, nil
	}
	simulated, err := sim.List(ctx, sim.Options{})
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(simulated, func(i sim.Info) bool { return i.Name == f.name }) {
		return sim.ProviderName, nil
	}
	return kind.ProviderName, nil
}

// open finds the cluster, on whichever engine has it if it is kind's.
func (f *existingFlags) open(ctx context.Context, log *steps.Log) (ownCluster, error) {
	provider, err := f.find(ctx)
	if err != nil {
		return nil, err
	}
	if provider == sim.ProviderName {
		// Not returned as it comes: a nil *sim.Cluster would be a cluster that is not nil.
		c, missing := sim.Open(ctx, f.name, func(o *sim.Options) { o.Log = log })
		if missing != nil {
			return nil, missing
		}
		return c, nil
	}
	c, err := f.openKind(ctx, log)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (f *existingFlags) openKind(ctx context.Context, log *steps.Log) (*kind.Cluster, error) {
	e, err := f.engine(ctx, log)
	if err != nil {
		return nil, err
	}
	return kind.Open(ctx, e, f.name, func(o *kind.Options) { o.Log = log })
}

// remove deletes the cluster, also one that is of no use any more.
func (f *existingFlags) remove(ctx context.Context, log *steps.Log) error {
	provider, err := f.find(ctx)
	if err != nil {
		return err
	}
	if provider == sim.ProviderName {
		return sim.Delete(ctx, sim.Options{Name: f.name, Log: log})
	}
	e, err := f.engine(ctx, log)
	if err != nil {
		return err
	}
	return kind.Delete(ctx, kind.Options{Engine: e, Name: f.name, Log: log})
}

// engine gives the engine that has the cluster, or, if none has, one whose
// answer says so.
func (f *existingFlags) engine(ctx context.Context, log *steps.Log) (*engine.Engine, error) {
	engines, err := reachable(ctx, log)
	if err != nil {
		return nil, exit.Environmentf("there is no simulated cluster %q, and no container engine that could have one of kind's: %w", f.name, err)
	}
	for _, e := range engines {
		infos, err := kind.List(ctx, kind.Options{Engine: e})
		if err != nil {
			return nil, err
		}
		for _, info := range infos {
			if info.Name == f.name {
				return e, nil
			}
		}
	}
	return engines[0], nil
}

// reachable gives the engines that may hold clusters: the system's and, if it
// runs, the private one. None is started.
func reachable(ctx context.Context, log *steps.Log) ([]*engine.Engine, error) {
	var engines []*engine.Engine
	system, err := engine.Find(ctx, engine.Options{System: true, Log: log})
	if err == nil {
		engines = append(engines, system)
	}
	private, privateErr := engine.Open(ctx, "")
	if privateErr == nil {
		engines = append(engines, private)
	}
	if len(engines) == 0 {
		return nil, err
	}
	return engines, nil
}

package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/pflag"

	"github.com/dsconform/dsconform/clusters/kind"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// createFlags say which cluster of which provider is wanted.
type createFlags struct {
	provider string
	kind     clusterFlags
	sim      simFlags
}

func (f *createFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.provider, "provider", kind.ProviderName, "kind (real kubelets, needs a container engine) or sim (simulated nodes)")
	f.kind.register(fs)
	f.sim.register(fs)
}

// get makes the cluster, or gives the one there is if --reuse allows it, and
// tells whether it was made just now. It goes on when this process ends. What stops it
// leaves no private engine running for nothing.
func (f *createFlags) get(ctx context.Context, log *steps.Log) (ownCluster, bool, error) {
	if !slices.Contains(ownProviders(), f.provider) {
		return nil, false, exit.Usagef("--provider is %q; it must be %s", f.provider, joinOr(ownProviders()))
	}
	if f.provider == sim.ProviderName {
		if err := f.sim.check(&f.kind); err != nil {
			return nil, false, err
		}
		c, made, err := f.sim.get(ctx, &f.kind, false, log)
		if err != nil {
			return nil, false, err
		}
		return c, made, nil
	}
	c, made, err := f.kind.get(ctx, log)
	if err != nil {
		return nil, false, errors.Join(err, f.kind.stopEngine(context.WithoutCancel(ctx), log))
	}
	return c, made, nil
}

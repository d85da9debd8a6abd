package main

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/dsconform/dsconform/clusters/engine"
	"github.com/dsconform/dsconform/clusters/kind"
	"github.com/dsconform/dsconform/clusters/steps"
)

// existingFlags name a cluster that is there.
type existingFlags struct {
	name string
}

func (f *existingFlags) register(fs *pflag.FlagSet) { registerName(fs, &f.name) }

// open finds the cluster on whichever engine has it.
func (f *existingFlags) open(ctx context.Context, log *steps.Log) (*kind.Cluster, error) {
	e, err := f.engine(ctx, log)
	if err != nil {
		return nil, err
	}
	return kind.Open(ctx, e, f.name, func(o *kind.Options) { o.Log = log })
}

// engine gives the engine that has the cluster, or, if none has, one whose
// answer says so.
func (f *existingFlags) engine(ctx context.Context, log *steps.Log) (*engine.Engine, error) {
	engines, err := reachable(ctx, log)
	if err != nil {
		return nil, err
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

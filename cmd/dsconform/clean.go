package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/dsconform/dsconform/clusters/engine"
	"github.com/dsconform/dsconform/clusters/kind"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// cleanFlags are the flags of `dsconform clean`.
type cleanFlags struct {
	keepCache bool
}

func newCleanCommand() *cobra.Command {
	f := &cleanFlags{}
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Delete every cluster of ours, stop the private engine and remove all caches",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) },
	}
	cmd.Flags().BoolVar(&f.keepCache, "keep-cache", false, "keep what makes the next run quick: binaries, images and the private engine's data")
	return cmd
}

// run removes what it can and reports all that it could not.
func (f *cleanFlags) run(ctx context.Context) error {
	log := steps.New(os.Stdout)
	errs := []error{deleteSimulated(ctx, log)}
	// A machine without any engine has nothing of ours to delete.
	engines, err := reachable(ctx, log)
	if err != nil {
		log.Notef("no engine answers: %s", oneLine(err))
	}
	for _, e := range engines {
		errs = append(errs, e.Apply(), deleteAll(ctx, e, log))
		if e.Private() {
			errs = append(errs, log.Do(ctx, "stopping the private engine", 0, e.Stop))
		}
	}
	if f.keepCache {
		return errors.Join(errs...)
	}
	dir := cacheDir()
	errs = append(errs, engine.Remove(ctx, "", log))
	errs = append(errs, log.Do(ctx, "removing the caches in "+dir, 0, func(context.Context) error {
		if err := os.RemoveAll(dir); err != nil {
			return exit.Environmentf("remove the caches: %w", err)
		}
		return nil
	}))
	return errors.Join(errs...)
}

// deleteAll deletes the clusters that dsconform made, and no other.
func deleteAll(ctx context.Context, e *engine.Engine, log *steps.Log) error {
	infos, err := kind.List(ctx, kind.Options{Engine: e})
	if err != nil {
		return err
	}
	var errs []error
	for _, info := range infos {
		if info.Ours {
			errs = append(errs, kind.Delete(ctx, kind.Options{Engine: e, Name: info.Name, Log: log}))
		}
	}
	return errors.Join(errs...)
}

// deleteSimulated deletes the clusters of simulated nodes.
func deleteSimulated(ctx context.Context, log *steps.Log) error {
	infos, err := sim.List(ctx, sim.Options{})
	if err != nil {
		return err
	}
	var errs []error
	for _, info := range infos {
		errs = append(errs, sim.Delete(ctx, sim.Options{Name: info.Name, Log: log}))
	}
	return errors.Join(errs...)
}

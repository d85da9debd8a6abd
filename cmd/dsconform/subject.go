package main

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/existing"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/fixtures"
	"github.com/dsconform/dsconform/framework/run"
	"github.com/dsconform/dsconform/framework/subject"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/reports"
)

// controllersFlag is the flag by which a cluster runs without its own controller.
const controllersFlag = "controllers"

// ownControllerOff is the part of --controllers without which a cluster has a
// DaemonSet controller of its own beside the one under test.
const ownControllerOff = "-daemonset-controller"

// chooseSubject reads --subject and the file it names, before anything is started.
func (f *runFlags) chooseSubject() error {
	if f.chosen.Kind != subject.Own {
		return nil // the matrix has chosen
	}
	var err error
	if f.chosen, err = subject.Parse(f.subject); err != nil {
		return err
	}
	if f.chosen.Kind == subject.Release {
		if f.chosen.Version, err = binaries.NormalizeKubernetes(cmp.Or(f.chosen.Version, f.cluster.kind.version)); err != nil {
			return err
		}
	}
	if f.faults && f.chosen.Kind != subject.Command && f.chosen.Kind != subject.Release {
		return exit.Usagef("--faults stands between a program and the API server: give the program by --subject=command:PATH, or take a release's by --subject=release")
	}
	if f.leaderElection && f.chosen.Kind != subject.Command {
		return exit.Usagef("--leader-election is about a program that is run twice: give the program by --subject=command:PATH")
	}
	f.chosen.Elects = f.leaderElection
	if f.chosen.Kind == subject.Manifest {
		if f.objects, err = fixtures.ParseFile(f.chosen.Path); err != nil {
			return err
		}
		if err = subject.CheckManifest(f.chosen.Path, f.objects); err != nil {
			return err
		}
	}
	if f.chosen.Replaces() && f.set.Changed(controllersFlag) && !slices.Contains(strings.Split(f.cluster.kind.controllers, ","), ownControllerOff) {
		return exit.Usagef("--subject runs the cluster with --controllers=%s: leave --controllers out, or list %s in it", clusters.DaemonSetControllerOff, ownControllerOff)
	}
	return nil
}

// buildSubject builds the release whose controller is to be judged, and makes a
// program under test of it.
func (f *runFlags) buildSubject(ctx context.Context, log *steps.Log) error {
	if f.chosen.Kind != subject.Release {
		return nil
	}
	builder, err := binaries.New(binaries.Options{Log: log})
	if err != nil {
		return exit.Environmentf("%w", err)
	}
	if err = builder.CheckKubernetes(ctx, f.chosen.Version); err != nil {
		return environment(err)
	}
	f.chosen, err = controllerOf(ctx, f.chosen.Version, builder)
	return err
}

// fitSubject makes the cluster one without a controller of its own. What is
// refused here depends on the provider, which auto settles late.
func (f *runFlags) fitSubject() error {
	if !f.chosen.Replaces() {
		return nil
	}
	if f.chosen.Kind == subject.Manifest && f.cluster.provider == sim.ProviderName {
		return exit.Usagef("--subject=manifest:%s needs nodes that run its pods, and simulated ones do not: judge on --cluster=kind or existing, or give the program itself by command:PATH", f.chosen.Path)
	}
	if f.cluster.provider == existing.ProviderName {
		return nil // whoever runs it has switched its controller off, which is looked at later
	}
	if f.set.Changed(controllersFlag) {
		return nil // it lists ownControllerOff, which chooseSubject has seen to
	}
	if err := f.set.Set(controllersFlag, clusters.DaemonSetControllerOff); err != nil {
		return exit.Internalf("setting --%s: %w", controllersFlag, err)
	}
	return nil
}

// startSubject starts the controller under test, if it is not the cluster's own,
// and tells the workers how to reach it.
func (f *runFlags) startSubject(ctx context.Context, t *target, plan *run.Plan) (subject.Subject, error) {
	if !f.chosen.Replaces() {
		return nil, nil
	}
	settings := &plan.Config.Settings
	under, err := subject.Start(ctx, f.chosen, subject.Options{
		Config: t.cluster.RESTConfig, Executable: executable(), Out: settings.OutDir, Objects: f.objects,
		Faults: f.faults, Seed: plan.Seed,
		Foreign: t.cluster.Provider() == existing.ProviderName,
		First:   settings.Timeouts.SubjectWrites, Available: settings.Timeouts.SubjectAvailable,
		Rival: settings.Timeouts.Rival, Cleanup: settings.Timeouts.Cleanup, Log: plan.Log,
	})
	if err != nil {
		return nil, err
	}
	settings.Subject, settings.ControllerVersion = under.Handle(), f.chosen.Version
	return under, nil
}

// describe names the controller under test for the report, and says how it fared.
func (f *runFlags) describe(ctx context.Context, under subject.Subject, own reports.Subject, plan run.Plan) reports.Subject {
	if under == nil {
		return own
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), plan.Config.Settings.Timeouts.Request)
	defer cancel()
	status, err := under.Status(ctx)
	if err != nil {
		plan.Log.Notef("%s", oneLine(err))
	}
	return run.Subject(status)
}

// closeSubject ends the controller under test.
func closeSubject(ctx context.Context, under subject.Subject, plan run.Plan) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), plan.Config.Settings.Timeouts.Cleanup)
	defer cancel()
	plan.Log.Notef("the controller under test ends; its log is %s", filepath.Join(plan.Config.Settings.OutDir, subject.LogName))
	return under.Close(ctx)
}

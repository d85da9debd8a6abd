package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/kubernetes"

	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/framework/histories"
	"github.com/dsconform/dsconform/framework/nodepool"
	"github.com/dsconform/dsconform/framework/run"
	"github.com/dsconform/dsconform/framework/subject"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/reports"
)

// The files that histories leave in the output folder.
const (
	historiesJSON = "histories.json"
	historiesText = "histories.txt"
	// minimalFile is the smallest sequence that failed, as --replay takes it.
	minimalFile = "minimal.yaml"
)

// play plays the sequences on the target and gives the report but for subject and times.
func (f *historiesFlags) play(ctx context.Context, t *target, plan run.Plan, sequences []histories.Sequence) (*histories.Report, error) {
	config, err := t.cluster.RESTConfig()
	if err != nil {
		return nil, exit.Environmentf("read the cluster's client configuration: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, exit.Environmentf("make a client: %w", err)
	}
	serves, err := client.Discovery().ServerVersion()
	if err != nil {
		return nil, exit.Environmentf("ask the API server for its version: %w", err)
	}
	settings := plan.Config.Settings
	settings.KubernetesVersion = serves.GitVersion
	if err = nodepool.New(client).Reset(ctx, settings.Run); err != nil {
		return nil, exit.Environmentf("prepare the leases of nodes: %w", err)
	}
	plan.Log.Notef("%d histories, %d at a time, seed %d, Kubernetes %s", len(sequences), f.lanes, plan.Seed, serves.GitVersion)
	campaign := histories.Campaign{
		Stage: histories.Stage{Cluster: t.cluster, Settings: settings}, Sequences: sequences, Lanes: f.lanes, Shrink: f.shrink,
		Progress: func(p histories.Progress) { show(plan.Log, p) },
	}
	report := &histories.Report{Suite: version, Kubernetes: serves.GitVersion, Seed: plan.Seed, Lanes: f.lanes}
	report.Fill(len(sequences), campaign.Run(ctx))
	return report, nil
}

// show tells of one sequence that ended.
func show(log *steps.Log, p histories.Progress) {
	o := p.Outcome
	line := fmt.Sprintf("%s %s: %d edits on %d nodes (%.1fs)", o.Verdict, p.ID, len(o.Sequence.Edits), o.Sequence.Nodes, o.Seconds)
	if p.All > 0 {
		line = fmt.Sprintf("%d/%d %s", p.Done, p.All, line)
	}
	if o.Failure != nil && o.Verdict != histories.Stopped {
		line += ": " + o.Broken()
	}
	log.Notef("%s", line)
}

// subject names the controller that was judged, and says how it fared.
func (f *historiesFlags) subject(ctx context.Context, t *target, under subject.Subject, plan run.Plan) histories.Subject {
	var own reports.Subject
	if under == nil {
		env, err := run.Environment(ctx, t.cluster, plan.Config.Settings)
		if err != nil {
			plan.Log.Notef("%s", oneLine(err))
		}
		own = env.Subject
	}
	s := f.run.describe(ctx, under, own, plan)
	out := histories.Subject{Kind: s.Kind, Name: s.Name, Version: s.Version, Identity: s.Identity}
	if s.Process != nil {
		out.Restarts = s.Process.Restarts
	}
	return out
}

// tell writes the report in both its forms, shows it, and gives the verdict.
func (f *historiesFlags) tell(out string, report *histories.Report) error {
	err := writeFile(filepath.Join(out, historiesJSON), report.WriteJSON)
	if err == nil {
		err = writeFile(filepath.Join(out, historiesText), report.WriteText)
	}
	if err == nil && report.Minimal != nil {
		err = histories.Write(filepath.Join(out, minimalFile), report.Minimal.Sequence)
	}
	if err == nil {
		err = report.WriteText(os.Stdout)
	}
	if err != nil {
		return exit.Environmentf("write the report: %w", err)
	}
	return report.Err()
}

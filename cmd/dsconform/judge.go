package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"
	"k8s.io/client-go/kubernetes"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/nodepool"
	"github.com/dsconform/dsconform/framework/run"
	"github.com/dsconform/dsconform/framework/subject"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/reports"
)

// judge runs the plan on the target, writes the report and turns the verdict
// into the command's error.
func (f *runFlags) judge(ctx context.Context, t *target, under subject.Subject, plan run.Plan, started time.Time) error {
	env, err := run.Environment(ctx, t.cluster, plan.Config.Settings)
	if err != nil {
		return exit.Environmentf("look at the cluster: %w", err)
	}
	settings := &plan.Config.Settings
	settings.KubernetesVersion = env.KubernetesVersion
	settings.Timeouts = settings.Timeouts.Scaled(len(env.Nodes))
	maps.Copy(env.Options, settings.Timeouts.Text())
	config, err := t.cluster.RESTConfig()
	if err != nil {
		return exit.Environmentf("read the cluster's client configuration: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return exit.Environmentf("make a client: %w", err)
	}
	if err = nodepool.New(client).Reset(ctx, plan.Config.Settings.Run); err != nil {
		return exit.Environmentf("prepare the leases of nodes: %w", err)
	}
	plan.Log.Notef("%d specs, %d at a time, seed %d, Kubernetes %s, %d nodes", len(plan.Specs), plan.Procs, plan.Seed, env.KubernetesVersion, len(env.Nodes))
	noteUnfit(t.cluster, plan)
	results, err := run.Run(ctx, plan)
	if err != nil {
		return err
	}
	env.Subject = f.describe(ctx, under, env.Subject, plan)
	report := reports.New(env, reports.Run{
		ID: plan.Config.Settings.Run, Seed: plan.Seed, Selection: f.selection(), Started: started.UTC(), Finished: time.Now().UTC(),
		Steps: recorded(plan), Trouble: results.Trouble(),
	}, results.Specs())
	if err := writeReport(plan.Config.Settings.OutDir, report); err != nil {
		return err
	}
	if report.Summary.Failed+report.Summary.Unknown > 0 {
		collectLogs(ctx, t.cluster, plan)
	}
	return verdict(report)
}

// noteUnfit says in one line which specs simulated nodes cannot be judged by.
func noteUnfit(c clusters.Cluster, plan run.Plan) {
	if c.RealKubelets() {
		return
	}
	var ids []string
	for _, s := range plan.Specs {
		if why, version := framework.Unfit(s, c, plan.Config.Settings); why != "" && !version {
			ids = append(ids, s.ID)
		}
	}
	if len(ids) > 0 {
		plan.Log.Notef("%d of them are skipped, for they need what this cluster lacks, such as real kubelets: %s", len(ids), strings.Join(ids, ", "))
	}
}

// selection says in words which specs were chosen; empty for all.
func (f *runFlags) selection() string {
	var words []string
	if f.smoke {
		words = append(words, "--smoke")
	}
	if len(f.focus) > 0 {
		words = append(words, "--focus="+strings.Join(f.focus, ","))
	}
	if len(f.skip) > 0 {
		words = append(words, "--skip="+strings.Join(f.skip, ","))
	}
	return strings.Join(words, " ")
}

func recorded(plan run.Plan) []reports.Step {
	var out []reports.Step
	for _, r := range plan.Log.Records() {
		out = append(out, reports.Step{Name: r.Name, Seconds: r.Seconds, Error: r.Err})
	}
	return out
}

// writeReport writes the report in all its forms and shows the summary.
func writeReport(dir string, report *reports.Report) error {
	for name, write := range map[string]func(io.Writer) error{
		"report.json": report.WriteJSON,
		"junit.xml":   report.WriteJUnit,
		"summary.txt": func(w io.Writer) error { return report.WriteSummary(w, false) },
	} {
		if err := writeFile(filepath.Join(dir, name), write); err != nil {
			return exit.Environmentf("write the report: %w", err)
		}
	}
	colour := term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if err := report.WriteSummary(os.Stdout, colour); err != nil {
		return exit.Environmentf("show the summary: %w", err)
	}
	return nil
}

// writeFile writes a file as a whole: a reader sees all of it or none.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	err = write(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.Rename(path+".new", path)
}

// collectLogs saves the nodes' logs beside the report. The verdict is in by
// then, so that a failure here is only noted.
func collectLogs(ctx context.Context, c clusters.Cluster, plan run.Plan) {
	collector, ok := c.(clusters.LogCollector)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	dir := filepath.Join(plan.Config.Settings.OutDir, "cluster-logs")
	err := plan.Log.Do(ctx, "saving the nodes' logs in "+dir, 0, func(ctx context.Context) error { return collector.CollectLogs(ctx, dir) })
	if err != nil {
		plan.Log.Notef("the nodes' logs are incomplete: %v", err)
	}
}

// verdict is the report's exit code as an error.
func verdict(report *reports.Report) error {
	code := reports.ExitCode(report)
	if code == exit.Conformant {
		return nil
	}
	return &exit.Error{Class: code, Err: fmt.Errorf("%s: %s", report.Summary.Verdict, report.Summary.Reason)}
}

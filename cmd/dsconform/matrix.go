package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/framework/matrix"
	"github.com/dsconform/dsconform/framework/subject"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/reports"
	"github.com/dsconform/dsconform/suites"
)

// The files a matrix leaves in the output folder beside its rows.
const (
	matrixJSON = "matrix.json"
	matrixText = "matrix.txt"
)

// runMatrix judges every row and lays the reports side by side. A row that
// cannot be judged does not keep the others from it.
func (f *runFlags) runMatrix(ctx context.Context) error {
	m, err := f.readMatrix()
	if err != nil {
		return err
	}
	log := steps.New(os.Stdout)
	builder, err := binaries.New(binaries.Options{Log: log})
	if err != nil {
		return exit.Environmentf("%w", err)
	}
	if err = log.Do(ctx, "the versions of the matrix exist", 0, func(ctx context.Context) error { return checkVersions(ctx, builder, m) }); err != nil {
		return environment(err)
	}
	out, err := f.clearMatrix()
	if err != nil {
		return err
	}
	var rows []reports.GridInput
	for i, row := range m.Rows {
		in := reports.GridInput{Name: row.Name, Kubernetes: row.Kubernetes, Controller: cmp.Or(row.Controller, row.Subject), Folder: row.Name}
		for _, e := range row.Expect {
			in.Known = append(in.Known, reports.Gap{Specs: e.Fail, Why: e.Why})
		}
		if in.Err = ctx.Err(); in.Err == nil {
			log.Notef("row %d of %d: %s", i+1, len(m.Rows), row.Name)
			in.Report, in.Err = f.runRow(ctx, row, out, builder)
		}
		rows = append(rows, in)
	}
	return writeGrid(out, reports.NewGrid(rows))
}

// readMatrix reads the file and refuses flags that say what the rows say.
func (f *runFlags) readMatrix() (*matrix.Matrix, error) {
	for _, name := range []string{"subject", "faults", controllersFlag, "kubernetes-version", "binaries-dir", "node-image", "kubeconfig", "context", "keep", "reuse"} {
		if f.set.Changed(name) {
			return nil, exit.Usagef("--%s and --matrix cannot go together: leave one of them out", name)
		}
	}
	if f.cluster.provider != "auto" && f.cluster.provider != sim.ProviderName {
		return nil, exit.Usagef("--matrix judges on simulated nodes: leave --cluster=%s out, or say --cluster=%s", f.cluster.provider, sim.ProviderName)
	}
	registry := suites.All()
	if err := registry.Validate(); err != nil {
		return nil, exit.Internalf("the suite's own specs are wrong: %w", err)
	}
	if _, err := f.selected(registry); err != nil {
		return nil, err
	}
	return matrix.ReadFile(f.matrix, matrixRules())
}

// matrixRules are what a matrix is held against.
func matrixRules() matrix.Rules {
	rules := matrix.Rules{Version: binaries.NormalizeKubernetes, Subject: rowSubject}
	for _, s := range suites.All().Specs() {
		rules.Specs = append(rules.Specs, s.ID)
	}
	return rules
}

// rowSubject refuses what cannot be judged on simulated nodes.
func rowSubject(value string) error {
	choice, err := subject.Parse(value)
	if err != nil {
		return err
	}
	if choice.Kind != subject.Command {
		return exit.Usagef("subject is %q; give a program, as command:PATH, and a release by controller", value)
	}
	return nil
}

// checkVersions asks for every version before the first is judged, so that a
// typing error in the last row costs nothing.
func checkVersions(ctx context.Context, builder *binaries.Builder, m *matrix.Matrix) error {
	asked := map[string]bool{"": true}
	for _, row := range m.Rows {
		for _, version := range []string{row.Kubernetes, row.Controller} {
			if asked[version] {
				continue
			}
			asked[version] = true
			if err := builder.CheckKubernetes(ctx, version); err != nil {
				return err
			}
		}
	}
	return nil
}

// clearMatrix makes the output folder and removes an earlier grid. What a run
// without a matrix left there stays: the rows have folders of their own.
func (f *runFlags) clearMatrix() (string, error) {
	out, err := filepath.Abs(f.out)
	if err != nil {
		return "", exit.Usagef("--out %s: %w", f.out, err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", exit.Environmentf("cannot make the output folder: %w", err)
	}
	for _, name := range []string{matrixJSON, matrixText} {
		if err := os.RemoveAll(filepath.Join(out, name)); err != nil {
			return "", exit.Environmentf("cannot clear the output folder: %w", err)
		}
	}
	return out, nil
}

// runRow judges one row and gives its report.
func (f *runFlags) runRow(ctx context.Context, row matrix.Row, out string, builder *binaries.Builder) (*reports.Report, error) {
	r, err := f.forRow(row, filepath.Join(out, row.Name))
	if err != nil {
		return nil, err
	}
	if row.Controller != "" {
		if r.chosen, err = controllerOf(ctx, row.Controller, builder); err != nil {
			return nil, err
		}
	}
	runErr := r.run(ctx)
	file, err := os.Open(filepath.Join(r.out, "report.json"))
	if err != nil {
		return nil, runErr // it stopped before a report
	}
	defer file.Close()
	report, err := reports.Read(file)
	if err != nil {
		return nil, errors.Join(runErr, err)
	}
	return report, nil
}

// forRow gives the flags of a row: those of the command, with the row's version,
// folder and known gaps.
func (f *runFlags) forRow(row matrix.Row, out string) (*runFlags, error) {
	r := &runFlags{whatever: row.Fail()}
	set := pflag.NewFlagSet(row.Name, pflag.ContinueOnError)
	r.register(set)
	var errs []error
	f.set.Visit(func(given *pflag.Flag) {
		if given.Name != "matrix" && set.Lookup(given.Name) != nil {
			errs = append(errs, copyFlag(set, given))
		}
	})
	for name, value := range map[string]string{"cluster": sim.ProviderName, "kubernetes-version": row.Kubernetes, "subject": row.Subject, "out": out} {
		errs = append(errs, set.Set(name, value))
	}
	// The same order in every row: what differs then is the version alone.
	r.seed = f.seed
	if err := errors.Join(errs...); err != nil {
		return nil, exit.Internalf("taking over the flags for row %s: %w", row.Name, err)
	}
	return r, nil
}

// copyFlag sets a flag as it was given; the text of a list cannot be parsed back.
func copyFlag(to *pflag.FlagSet, given *pflag.Flag) error {
	list, isList := given.Value.(pflag.SliceValue)
	if !isList {
		return to.Set(given.Name, given.Value.String())
	}
	flag := to.Lookup(given.Name)
	own, ok := flag.Value.(pflag.SliceValue)
	if !ok {
		return errors.New("--" + given.Name + " is no list")
	}
	flag.Changed = true
	return own.Replace(list.GetSlice())
}

// controllerOf builds a release's kube-controller-manager, which then runs the
// DaemonSet controller alone, as the only one of its kind: it need not lead.
func controllerOf(ctx context.Context, version string, builder *binaries.Builder) (subject.Choice, error) {
	built, err := builder.Build(ctx, binaries.Kubernetes(version, controlplane.ControllerManager)...)
	if err != nil {
		return subject.Choice{}, environment(err)
	}
	return subject.Choice{
		Kind: subject.Command, Path: built[controlplane.ControllerManager], Name: controlplane.ControllerManager, Version: version,
		Args:   append(controllerArgs(), "--leader-elect=false"),
		Elects: true,
		ElectArgs: append(controllerArgs(),
			// The cluster's own has the lease of the usual name. The times are short,
			// so that a spec need not wait long for a lease that nobody renews.
			"--leader-elect=true", "--leader-elect-resource-name=dsconform-subject",
			"--leader-elect-lease-duration=6s", "--leader-elect-renew-deadline=4s", "--leader-elect-retry-period=1s"),
	}, nil
}

// controllerArgs are the flags that a release's program has in any case.
func controllerArgs() []string {
	return []string{
		"--kubeconfig=" + subject.KubeconfigArg, "--controllers=daemonset-controller",
		// Nobody asks it for its health or metrics, so that it need not listen.
		"--secure-port=0",
		// As a simulated cluster's own has it: with the default of 20 requests a
		// second dozens of specs at once would wait for each other.
		"--kube-api-qps=500", "--kube-api-burst=1000",
	}
}

// writeGrid writes the grid, shows it, and turns it into the command's error.
func writeGrid(out string, g *reports.Grid) error {
	for name, write := range map[string]func(io.Writer) error{matrixJSON: g.WriteJSON, matrixText: g.WriteText} {
		if err := writeFile(filepath.Join(out, name), write); err != nil {
			return exit.Environmentf("write the matrix: %w", err)
		}
	}
	if err := g.WriteText(os.Stdout); err != nil {
		return exit.Environmentf("show the matrix: %w", err)
	}
	if g.ExitCode == int(exit.Conformant) {
		return nil
	}
	var wrong []string
	for _, r := range g.Rows {
		if r.ExitCode != int(exit.Conformant) {
			wrong = append(wrong, r.Name+": "+r.Reason)
		}
	}
	return &exit.Error{Class: exit.Code(g.ExitCode), Err: errors.New(strings.Join(wrong, "; "))}
}

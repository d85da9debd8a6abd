package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/kind"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/framework/matrix"
	"github.com/dsconform/dsconform/framework/subject"
	"github.com/dsconform/dsconform/internal/exit"
)

func TestTheMatrixThatComesWithUs(t *testing.T) {
	t.Parallel()
	m, err := matrix.ReadFile("../../clusters/matrix.yaml", matrixRules())
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, r := range m.Rows {
		rows = append(rows, r.Name)
	}
	want := []string{"v1.34.4", "v1.35.4", "v1.36.3", "v1.37.2", "controller-v1.34.0", "controller-v1.30.14"}
	if !slices.Equal(rows, want) {
		t.Errorf("rows %v, want %v", rows, want)
	}
}

func write(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSubjectAndMatrixRefuseWhatIsWrong(t *testing.T) {
	t.Parallel()
	const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: c}
spec:
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}
`
	good := write(t, "good.yaml", deployment, 0o600)
	unknown := write(t, "unknown.yaml", strings.Replace(deployment, "selector", "selectr", 1), 0o600)
	none := write(t, "none.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n", 0o600)
	rows := write(t, "rows.yaml", "rows: [{kubernetes: v1.37.2}]", 0o600)
	wrongRows := write(t, "wrong.yaml", "rows: [{kubernets: v1.37.2}]", 0o600)
	out := " --out " + t.TempDir()
	for _, tc := range []struct{ args, says string }{
		{"run --subject=/nonexistent", "perhaps command:/nonexistent"},
		{"run --subject=comand:/bin/sh", "perhaps command:/bin/sh"},
		{"run --subject=command:/nonexistent", "does not exist"},
		{"run --subject=command:/etc", "is a folder"},
		{"run --subject=command:" + good, "not executable"},
		{"run --subject=release:1.2", "is malformed"},
		{"run --leader-election", "give the program by --subject=command:PATH"},
		{"run --leader-election --subject=release", "give the program by --subject=command:PATH"},
		{"run --faults", "give the program by --subject=command:PATH"},
		{"run --cluster=sim --faults --subject=manifest:" + good, "give the program by --subject=command:PATH"},
		{"run --faults --matrix=" + rows, "cannot go together"},
		{"run --subject=command:/bin/sh --controllers=*", "leave --controllers out"},
		{"run --subject=command:/bin/sh --controllers=*,-podgc-controller", "list -daemonset-controller in it"},
		{"run --subject=manifest:" + unknown, "selectr"},
		{"run --subject=manifest:" + none, "no Deployment"},
		{"run --cluster=sim --subject=manifest:" + good, "needs nodes that run its pods"},
		{"run --matrix=/nonexistent", "does not exist"},
		{"run --matrix=" + wrongRows, `the nearest is "kubernetes"`},
		{"run --matrix=" + write(t, "sub.yaml", "rows: [{kubernetes: v1.37.2, subject: command:/nonexistent}]", 0o600), "row 1: --subject=command:/nonexistent names a file that does not exist"},
		{"run --matrix=" + write(t, "rel.yaml", "rows: [{kubernetes: v1.37.2, subject: release}]", 0o600), "give a program, as command:PATH"},
		{"run --cluster=kind --matrix=" + rows, "judges on simulated nodes"},
		{"run --kubernetes-version=v1.37.2 --matrix=" + rows, "cannot go together"},
		{"run --subject=command:/bin/sh --matrix=" + rows, "cannot go together"},
		{"run --focus=nonsense --matrix=" + rows, "nonsense"},
	} {
		t.Run(tc.args, func(t *testing.T) {
			t.Parallel()
			err := execute(t.Context(), strings.Fields(tc.args+out))
			if exit.Of(err) != exit.Usage {
				t.Fatalf("class %d: %v", exit.Of(err), err)
			}
			if !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q: want one line with %q", err, tc.says)
			}
		})
	}
}

func flagsOf(t *testing.T, args ...string) *runFlags {
	t.Helper()
	f := &runFlags{}
	set := pflag.NewFlagSet("run", pflag.ContinueOnError)
	f.register(set)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestARowHasTheFlagsOfTheCommand(t *testing.T) {
	t.Parallel()
	f := flagsOf(t, "--matrix=m", "--out=o", "--focus=placement,DS-RUM-001", "--nodes=7", "--strict", "--cluster=auto")
	f.seed = 42
	r, err := f.forRow(matrix.Row{Name: "r", Kubernetes: "v1.36.3", Expect: []matrix.Expectation{{Fail: []string{"DS-CHG-006"}}}}, "o/r")
	if err != nil {
		t.Fatal(err)
	}
	if r.matrix != "" || r.out != "o/r" || r.cluster.provider != sim.ProviderName || r.cluster.kind.version != "v1.36.3" || r.seed != 42 {
		t.Errorf("row %+v", r)
	}
	if !slices.Equal(r.focus, []string{"placement", "DS-RUM-001"}) || r.cluster.sim.nodes != 7 || !r.strict || !slices.Equal(r.whatever, []string{"DS-CHG-006"}) {
		t.Errorf("row %+v", r)
	}
	if r, err = f.forRow(matrix.Row{Name: "s", Kubernetes: "v1.37.2", Subject: "command:/bin/sh"}, "o/s"); err != nil || r.subject != "command:/bin/sh" {
		t.Errorf("the row's subject is %q, %v", r.subject, err)
	}
	if f.out != "o" || f.cluster.kind.version != "" {
		t.Error("the command's own flags were changed")
	}
}

func TestASubjectTurnsTheClustersOwnOff(t *testing.T) {
	t.Parallel()
	for _, provider := range []string{sim.ProviderName, kind.ProviderName} {
		f := flagsOf(t, "--cluster="+provider)
		f.chosen = subject.Choice{Kind: subject.Command, Path: "/p"}
		if err := f.fitSubject(); err != nil {
			t.Fatal(err)
		}
		// Changed, so that a cluster that is used again has to be one without it.
		if f.cluster.kind.controllers != clusters.DaemonSetControllerOff || !f.set.Changed(controllersFlag) {
			t.Errorf("%s runs with --controllers=%q", provider, f.cluster.kind.controllers)
		}
	}
	// More of the cluster's controllers may be off.
	more := flagsOf(t, "--cluster=sim", "--subject=command:/bin/sh", "--controllers=*,-daemonset-controller,-pod-garbage-collector-controller")
	if err := errors.Join(more.chooseSubject(), more.fitSubject()); err != nil || more.cluster.kind.controllers != "*,-daemonset-controller,-pod-garbage-collector-controller" {
		t.Errorf("with more controllers off: %q, %v", more.cluster.kind.controllers, err)
	}
	f := flagsOf(t, "--cluster=sim")
	if err := f.fitSubject(); err != nil || f.cluster.kind.controllers != "" {
		t.Errorf("without a subject: %q, %v", f.cluster.kind.controllers, err)
	}
}

package trial

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dsconform/dsconform/reports"
)

// program writes a shell script that stands for dsconform.
func program(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dsconform")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nfor a in \"$@\"; do case $a in --out=*) out=${a#--out=};; esac; done\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// report writes a whole report with one spec of that state and gives its path.
func report(t *testing.T, state reports.State) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.json")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	spec := reports.Spec{ID: "DS-PLC-001", Name: "n", Area: "placement", Level: "core", Behaviour: "b", Clauses: []string{"c"}, State: state, Reason: "r"}
	if err := reports.New(reports.Environment{}, reports.Run{Selection: "--focus=DS-PLC-001"}, []reports.Spec{spec}).WriteJSON(f); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheReportIsTheOutcome(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	exe := program(t, "echo \"$@ $WHICH\"\ncp "+report(t, reports.Failed)+" $out/report.json\nexit 1\n")
	r, err := Trial{
		Executable: exe, Name: "n", Out: out, Subject: "command:/p", Controllers: "*,-a", Faults: true, FailFast: true,
		Focus: []string{"DS-PLC-001", "DS-PLC-002"}, Skip: []string{"DS-PLC-003"}, Procs: 3, Seed: 7, Env: []string{"WHICH=this"},
	}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := In(r, reports.Failed); !slices.Equal(got, []string{"DS-PLC-001"}) || len(In(r, reports.Passed)) > 0 {
		t.Errorf("failed %v, passed %v", got, In(r, reports.Passed))
	}
	log, err := os.ReadFile(filepath.Join(out, Log))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"run --cluster=sim --name=n", "--subject=command:/p", "--controllers=*,-a", "--faults", "--fail-fast", "--focus=DS-PLC-001,DS-PLC-002", "--skip=DS-PLC-003", "--procs=3", "--seed=7", " this"} {
		if !strings.Contains(string(log), want) {
			t.Errorf("dsconform was not given %q: %s", want, log)
		}
	}
}

// TestNoReport: neither a program that fails nor one that leaves half a report has an outcome.
func TestNoReport(t *testing.T) {
	for body, says := range map[string]string{
		"echo the disk is full >&2; exit 3\n":       "the disk is full",
		"echo '{' > $out/report.json; echo done\n":  "done",
		"rm -f $out/report.json; echo fine; exit 0": "fine",
	} {
		_, err := Trial{Executable: program(t, body), Out: filepath.Join(t.TempDir(), "out")}.Run(t.Context())
		if !errors.Is(err, ErrNoReport) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

// TestLimit: the program is interrupted at the limit, and what it then reports counts.
func TestLimit(t *testing.T) {
	exe := program(t, "trap 'cp "+report(t, reports.Unknown)+" $out/report.json; exit 3' INT\nwhile :; do sleep 0.05; done\n")
	r, err := Trial{Executable: exe, Out: filepath.Join(t.TempDir(), "out"), Limit: 300 * time.Millisecond}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := In(r, reports.Unknown); len(got) != 1 {
		t.Errorf("unknown: %v", got)
	}
}

// TestAdmission: the cluster is made before, is given the policies, is used by the
// run, and removed after it.
func TestAdmission(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	body := "echo \"$@\"\ncase $* in *dry-run*) if [ -e $0.tried ]; then echo mutants-probe; else touch $0.tried; fi;; kubectl*) cat; echo;; run*) cp " + report(t, reports.Failed) + " $out/report.json; exit 1;; esac\n"
	tr := Trial{Executable: program(t, body), Name: "n", Out: out, Admission: "the policies"}
	if _, err := tr.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(out, Log))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	kubeconfig := "--kubeconfig=" + filepath.Join(out, "admin.kubeconfig")
	want := []string{"cluster create --provider=sim --name=n " + kubeconfig + " --controllers=*,-daemonset-controller", "kubectl " + kubeconfig + " apply -f -", "the policies", "kubectl " + kubeconfig + " create --dry-run=server", "kubectl " + kubeconfig + " create --dry-run=server", "mutants-probe", "run --cluster=sim --name=n", "cluster delete --name=n"}
	if len(lines) != len(want) {
		t.Fatalf("dsconform was called %d times:\n%s", len(lines), log)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) || strings.HasPrefix(line, "run") != strings.Contains(line, "--reuse") {
			t.Errorf("%q, want %q", line, want[i])
		}
	}

	tr.Controllers = "*,-a"
	tr.Executable = program(t, "echo \"$@\"\nif [ $1 = kubectl ]; then exit 3; fi\n")
	if _, err = tr.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "kubectl") {
		t.Errorf("policies that are refused: %v", err)
	}
	if log, err = os.ReadFile(filepath.Join(out, Log)); err != nil || !strings.Contains(string(log), "--controllers=*,-a\n") || !strings.Contains(string(log), "cluster delete") || strings.Contains(string(log), "run ") {
		t.Errorf("%v\n%s", err, log)
	}
}

func TestCatalogue(t *testing.T) {
	exe := program(t, `echo '[{"id":"DS-PLC-001","area":"placement","title":"t","covers":["DS-PLC-002"],"why":"w"}]'`)
	specs, err := Catalogue(t.Context(), exe)
	if err != nil || len(specs) != 1 || specs[0].Covers[0] != "DS-PLC-002" {
		t.Errorf("%+v, %v", specs, err)
	}
	for _, body := range []string{"echo nonsense", "exit 4"} {
		if _, err := Catalogue(t.Context(), program(t, body)); err == nil {
			t.Errorf("%q gives a catalogue", body)
		}
	}
}

func TestMachineAndKey(t *testing.T) {
	if m := Here(); m.Cores < 1 || !strings.Contains(m.String(), m.Go) {
		t.Errorf("%+v", m)
	}
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "sub", "b")
	if err := errors.Join(WriteFile(a, []byte("1")), WriteJSON(b, map[string]int{"n": 2})); err != nil {
		t.Fatal(err)
	}
	first, err := Key(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if err = WriteFile(a, []byte("2")); err != nil {
		t.Fatal(err)
	}
	if second, err := Key(a, b); err != nil || second == first {
		t.Errorf("another program has the same key %s, %v", second, err)
	}
	if _, err := Key(filepath.Join(dir, "none")); err == nil {
		t.Error("a program that is not there has a key")
	}
	if v := Version(context.Background()); v == "" {
		t.Error("no version")
	}
}

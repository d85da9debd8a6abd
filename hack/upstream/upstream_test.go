package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/internal/exit"
)

func TestTheDeclarationThatComesWithUs(t *testing.T) {
	t.Parallel()
	s, err := readSelection(declared)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.judged()) == 0 || len(s.judged()) == len(s.Specs) {
		t.Errorf("%d of %d specs are judged", len(s.judged()), len(s.Specs))
	}
	if _, err := readSelection([]byte("focus: x\nspec: []")); err == nil {
		t.Error("an unknown key is taken")
	}
	if _, err := readSelection([]byte("specs: []")); err == nil {
		t.Error("a declaration without a focus is taken")
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	s := selection{Focus: "x", Specs: []listed{{Name: "a"}, {Name: "b", Left: "needs exec"}}}
	if err := s.compare([]string{"b", "a"}); err != nil {
		t.Error(err)
	}
	err := s.compare([]string{"a", "c"})
	if err == nil || !strings.Contains(err.Error(), `"b", which is no spec any more`) || !strings.Contains(err.Error(), `does not list the spec "c"`) {
		t.Errorf("got %v", err)
	}
}

func TestTheProgramIsBuiltWithoutItsConstraint(t *testing.T) {
	t.Parallel()
	p, err := program("v1.37.2")
	if err != nil {
		t.Fatal(err)
	}
	if main := string(p.Source["main.go"]); p.Module != "k8s.io/kubernetes" || p.Package != "" || strings.Contains(main, "go:build") || !strings.HasPrefix(main, "// The program of") {
		t.Errorf("program %s %q, %.60q", p.Module, p.Package, main)
	}
}

func report(t *testing.T, specs ...types.SpecReport) []verdict {
	t.Helper()
	raw, err := json.Marshal([]types.Report{{SpecReports: specs}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := readReport(raw)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func spec(name string, state types.SpecState) types.SpecReport {
	r := types.SpecReport{ContainerHierarchyTexts: []string{"Daemon set"}, LeafNodeText: name, LeafNodeType: types.NodeTypeIt, State: state, RunTime: time.Second}
	if state.Is(types.SpecStateFailureStates) {
		r.Failure.Message = "broken"
	}
	return r
}

func TestWeigh(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		specs []types.SpecReport
		err   error
		state result.State
		by    string
	}{
		"all passed":             {[]types.SpecReport{spec("a", types.SpecStatePassed), spec("b", types.SpecStatePassed), spec("c", types.SpecStateSkipped)}, nil, result.Survived, ""},
		"one failed":             {[]types.SpecReport{spec("a", types.SpecStatePassed), spec("b", types.SpecStateFailed)}, nil, result.Killed, "Daemon set b"},
		"panicked":               {[]types.SpecReport{spec("a", types.SpecStatePanicked)}, nil, result.Killed, "Daemon set a"},
		"failed, then ended":     {[]types.SpecReport{spec("a", types.SpecStateFailed)}, errors.New("budget"), result.Killed, "Daemon set a"},
		"stopped":                {[]types.SpecReport{spec("a", types.SpecStatePassed), spec("b", types.SpecStateInterrupted)}, errors.New("budget"), result.Broken, ""},
		"not all were run":       {[]types.SpecReport{spec("a", types.SpecStatePassed)}, nil, result.Broken, ""},
		"another in its place":   {[]types.SpecReport{spec("a", types.SpecStatePassed), spec("x", types.SpecStatePassed)}, nil, result.Broken, ""},
		"the controller ended":   {[]types.SpecReport{spec("a", types.SpecStatePassed), spec("b", types.SpecStatePassed)}, errEnded, result.Broken, ""},
		"nothing was there":      {nil, nil, result.Broken, ""},
		"no report, and a cause": {nil, errors.New("no cluster"), result.Broken, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := weigh("m", report(t, tc.specs...), []string{"a", "b"}, tc.err)
			if got := strings.Join(u.KilledBy, ","); u.State != tc.state || got != tc.by || u.KilledBy == nil {
				t.Errorf("%s by %q, want %s by %q", u.State, got, tc.state, tc.by)
			}
		})
	}
}

func TestWhatFailsOutsideOfASpecIsAnError(t *testing.T) {
	t.Parallel()
	raw := `[{"SpecReports":[{"LeafNodeType":"BeforeSuite","State":"failed","Failure":{"Message":"no nodes"}}]}]`
	if _, err := readReport([]byte(raw)); err == nil || !strings.Contains(err.Error(), "BeforeSuite failed: no nodes") {
		t.Errorf("got %v", err)
	}
}

// programs writes stand-ins for the three programs, which note what they are told.
func programs(t *testing.T, specs string) (options, string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	o := options{
		dsconform: write("dsconform", `echo "$@" >>`+dir+"/calls"),
		program:   write("mutants", `[ "$1" = --list ] && { echo '[{"id":"good","area":"a","notice":"n","environment":["pod-garbage-collector"]},{"id":"bad","area":"a","notice":"n"}]'; exit; }; [ "$DSCONFORM_MUTANT" = dead ] && exit 1; exec sleep 60`),
		file:      filepath.Join(dir, "verdicts.jsonl"), folder: filepath.Join(dir, "trials"), names: "u", jobs: 2, nodes: 3, budget: time.Minute,
	}
	write("specs", specs)
	return o, dir
}

// passing writes a report in which the spec passed, or failed for the mutant bad.
const passing = `for a in "$@"; do case "$a" in --ginkgo.json-report=*) to="${a#*=}";; esac; done
state=passed; case "$to" in */bad/*) state=failed;; esac
echo "$to" >>"$(dirname "$0")/tried"
echo '[{"SpecReports":[{"LeafNodeType":"It","LeafNodeText":"a","State":"'$state'"}]}]' >"$to"`

func TestJudgeAndGoOn(t *testing.T) {
	t.Parallel()
	o, dir := programs(t, passing)
	s := suite{executable: filepath.Join(dir, "specs"), selection: selection{Focus: "x", Specs: []listed{{Name: "a"}}}}
	for range 2 {
		if err := o.judge(t.Context(), s, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	list, err := result.ReadUpstream(o.file)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 || list["none"].State != result.Survived || list["good"].State != result.Survived || list["bad"].State != result.Killed || list["bad"].KilledBy[0] != "a" {
		t.Errorf("verdicts %+v", list)
	}
	tried, err := os.ReadFile(filepath.Join(dir, "tried"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(tried), "\n"); n != 3 {
		t.Errorf("the specs ran %d times, want 3: none, good and bad once each\n%s", n, tried)
	}
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--name=u-good --plain --nodes=3 --controllers=*,-daemonset-controller,-pod-garbage-collector ", "cluster delete --name=u-none", "cluster delete --name=u-bad"} {
		if !strings.Contains(string(calls), want) {
			t.Errorf("no call %q in\n%s", want, calls)
		}
	}
}

func TestWithoutAGreenControllerThereIsNoVerdict(t *testing.T) {
	t.Parallel()
	o, dir := programs(t, strings.Replace(passing, "state=passed", "state=failed", 1))
	s := suite{executable: filepath.Join(dir, "specs"), selection: selection{Focus: "x", Specs: []listed{{Name: "a"}}}}
	if err := o.judge(t.Context(), s, io.Discard); exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), "does not pass") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(o.file); err == nil {
		t.Error("verdicts were written")
	}
}

func TestAControllerThatEndsIsNoKill(t *testing.T) {
	t.Parallel()
	o, dir := programs(t, "sleep 60")
	j := &judge{dsconform: o.dsconform, program: o.program, out: o.folder, names: "u", nodes: 1, budget: time.Minute,
		suite: suite{executable: filepath.Join(dir, "specs"), selection: selection{Focus: "x", Specs: []listed{{Name: "a"}}}}}
	begun := time.Now()
	u, err := j.verdict(t.Context(), trial.Mutant{ID: "dead"})
	if u.State != result.Broken || !errors.Is(err, errEnded) {
		t.Errorf("%s: %v", u.State, err)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("the specs went on for %s", took)
	}
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"--jobs=0": "--jobs is 0", "--nodes=0": "--nodes is 0", "--nonsense": "nonsense", "word": "unexpected argument",
	} {
		if _, err := parse(strings.Fields(args), io.Discard); exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", args, err)
		}
	}
	all := []trial.Mutant{{ID: "skip-node"}, {ID: "no-events"}}
	if got, err := trial.Choose(all, []string{"no-events"}); err != nil || len(got) != 1 || got[0].ID != "no-events" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := trial.Choose(all, []string{"skip-nod"}); exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), `"skip-node"`) {
		t.Errorf("got %v", err)
	}
}

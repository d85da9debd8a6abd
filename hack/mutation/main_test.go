package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/reports"
)

// suite is the specs of the fake dsconform; REAL cannot be judged on simulated nodes.
const suite = `[{"id":"PLC","area":"placement","title":"t"},{"id":"RUM","area":"rollout","title":"t","covers":["RUM-B"]},
{"id":"STA","area":"status","title":"t"},{"id":"REAL","area":"status","title":"t"}]`

// mutants is what the fake program lists.
const mutants = `[
{"id":"skip-node","area":"placement","notice":"no pod","clauses":["PLC"],"injection":"view: x","modelledOn":"m"},
{"id":"covered","area":"rollout","notice":"n","clauses":["RUM-B"],"injection":"i","modelledOn":"m","environment":["podgc"]},
{"id":"elsewhere","area":"rollout","notice":"n","clauses":["RUM"],"injection":"i","modelledOn":"m"},
{"id":"flaky","area":"status","notice":"n","clauses":[],"injection":"i","modelledOn":"m"},
{"id":"survivor","area":"status","notice":"n","clauses":["REAL"],"injection":"i","modelledOn":"m"},
{"id":"equal","area":"status","notice":"n","clauses":["STA"],"injection":"i","modelledOn":"m","equivalent":true,"proof":"nobody sees it"},
{"id":"dies","area":"status","notice":"n","clauses":["STA"],"injection":"i","modelledOn":"m"},
{"id":"hangs","area":"status","notice":"n","clauses":["STA"],"injection":"i","modelledOn":"m"}]`

// fake is a cluster, a dsconform and mutants in one: it says which spec fails with
// which mutant.
type fake struct {
	mu     sync.Mutex
	trials []trial.Trial
	// wrong are states of specs with the unmutated controller.
	wrong map[string]reports.State
	// took is how many seconds a spec takes; 2 where it does not say.
	took map[string]float64
	// cancel ends the run at the first trial with this mutant.
	cancel func()
	at     string
	seen   map[string]int
}

func (f *fake) run(ctx context.Context, t trial.Trial) (*reports.Report, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trials = append(f.trials, t)
	mutant := strings.TrimPrefix(t.Env[0], "DSCONFORM_MUTANT=")
	if f.seen == nil {
		f.seen = map[string]int{}
	}
	if mutant == f.at {
		f.cancel()
	}
	process := &reports.Process{}
	if mutant == "dies" {
		process = &reports.Process{Restarts: 1, LastExit: "exited with code 2", Tail: []string{"panic: nil map"}}
	}
	var out []reports.Spec
	for _, id := range []string{"PLC", "RUM", "STA", "REAL"} {
		if len(t.Focus) > 0 && !slices.Contains(t.Focus, id) || slices.Contains(t.Skip, id) {
			continue
		}
		f.seen[mutant+id]++
		s := reports.Spec{ID: id, State: f.state(mutant, id), DurationSeconds: 2}
		if took, ok := f.took[id]; ok {
			s.DurationSeconds = took
		}
		if s.State != reports.Passed {
			s.Reason = "because"
		}
		out = append(out, s)
	}
	return reports.New(reports.Environment{KubernetesVersion: "v1.37.2", Subject: reports.Subject{Process: process}}, reports.Run{}, out), ctx.Err()
}

func (f *fake) state(mutant, spec string) reports.State {
	switch mutant + " " + spec {
	case "skip-node PLC", "covered RUM", "elsewhere STA", "dies STA":
		return reports.Failed
	case "flaky PLC":
		if f.seen["flakyPLC"] == 1 {
			return reports.Failed
		}
	case "hangs STA":
		return reports.Unknown
	}
	if spec == "REAL" {
		return reports.Skipped
	}
	if state, ok := f.wrong[spec]; ok && mutant == trial.Unmutated && (state == reports.Failed || f.seen[mutant+spec] == 1) {
		return state
	}
	return reports.Passed
}

// world is the fake programs and folders of a run.
type world struct {
	t    *testing.T
	dir  string
	fake *fake
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), fake: &fake{}}
	w.write("dsconform", "#!/bin/sh\ncat <<'X'\n"+suite+"\nX\n")
	w.write("mutants", "#!/bin/sh\ncat <<'X'\n"+mutants+"\nX\n")
	return w
}

func (w *world) write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o755); err != nil {
		w.t.Fatal(err)
	}
}

// judge runs the command and gives the file, what was shown and the error.
func (w *world) judge(ctx context.Context, args ...string) (*result.Result, string, error) {
	w.t.Helper()
	var shown bytes.Buffer
	o, err := parse(append([]string{
		"--dsconform=" + w.dir + "/dsconform", "--program=" + w.dir + "/mutants", "--out=" + w.dir + "/mutation.json",
		"--doc=" + w.dir + "/page.md", "--trials=" + w.dir + "/trials", "--upstream=" + w.dir + "/upstream.jsonl", "--jobs=2",
	}, args...), &shown)
	if err != nil {
		return nil, "", err
	}
	runErr := o.run(ctx, &shown, w.fake.run)
	r, err := result.Read(o.file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return r, shown.String(), runErr
}

func verdicts(r *result.Result) map[string]string {
	out := map[string]string{}
	for _, m := range r.Mutants {
		out[m.ID] = string(m.State)
		for _, k := range m.KilledBy {
			out[m.ID] += " " + k.Spec
		}
	}
	return out
}

func TestVerdicts(t *testing.T) {
	w := newWorld(t)
	r, shown, err := w.judge(t.Context())
	want := map[string]string{
		"skip-node": "killed PLC", "covered": "killed RUM", "elsewhere": "killed STA", "flaky": "survived", "survivor": "survived",
		"equal": "equivalent", "dies": "error", "hangs": "unjudged",
	}
	got := verdicts(r)
	for id, verdict := range want {
		if got[id] != verdict {
			t.Errorf("%s is %q, want %q", id, got[id], verdict)
		}
	}
	if exit.Of(err) != exit.NotConformant || !strings.Contains(err.Error(), "flaky, survivor") {
		t.Errorf("class %d: %v", exit.Of(err), err)
	}
	if flaky := r.Mutants[3]; !slices.Equal(flaky.Unconfirmed, []string{"PLC"}) {
		t.Errorf("a failure that was not seen twice: %+v", flaky)
	}
	if dies := r.Mutants[6]; !strings.Contains(dies.Reason, "panic: nil map") {
		t.Errorf("a mutant that ended: %+v", dies)
	}
	for _, line := range []string{"ok skip-node killed by PLC", "!! survivor survived", "-- equal is equivalent", "?? hangs judged nothing: 1 specs", "?? dies: the mutant ended"} {
		if !strings.Contains(shown, line) {
			t.Errorf("the progress does not show %q:\n%s", line, shown)
		}
	}
	for _, tr := range w.fake.trials {
		if !tr.Faults || tr.Subject != "command:"+w.dir+"/mutants" {
			t.Errorf("a trial is not through the program: %+v", tr)
		}
		if off := "*,-daemonset-controller,-podgc"; strings.Contains(tr.Env[0], "covered") != (tr.Controllers == off) {
			t.Errorf("%s runs with --controllers=%q", tr.Env[0], tr.Controllers)
		}
	}
	if r.Kubernetes != "v1.37.2" || r.Baseline.Passed != 3 || !slices.Equal(r.Baseline.Skipped, []string{"REAL"}) {
		t.Errorf("baseline %+v on %s", r.Baseline, r.Kubernetes)
	}
	page, err := os.ReadFile(filepath.Join(w.dir, "page.md"))
	if err != nil || !strings.Contains(string(page), "3/7 = 42.9 %") {
		t.Errorf("the page: %v\n%s", err, page)
	}
}

// TestTheSchema: what is written is what the committed schema says.
func TestTheSchema(t *testing.T) {
	raw, err := os.ReadFile("result/result.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err = json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.fake.wrong = map[string]reports.State{"STA": reports.Failed}
	for range 2 { // refused at first, whole then
		_, _, _ = w.judge(t.Context())
		w.fake = &fake{}
		written, err := os.ReadFile(filepath.Join(w.dir, "mutation.json"))
		if err != nil {
			t.Fatal(err)
		}
		var value map[string]any
		if err = json.Unmarshal(written, &value); err != nil {
			t.Fatal(err)
		}
		if err = resolved.Validate(value); err != nil {
			t.Errorf("%v\n%s", err, written)
		}
		delete(value, "key")
		if resolved.Validate(value) == nil {
			t.Error("the schema accepts a result without its key")
		}
	}
}

func TestTheUnmutatedMustPass(t *testing.T) {
	w := newWorld(t)
	w.fake.wrong = map[string]reports.State{"STA": reports.Failed}
	r, _, err := w.judge(t.Context())
	if exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), "STA") {
		t.Errorf("class %d: %v", exit.Of(err), err)
	}
	if r.Baseline.Green || len(r.In(result.Pending)) != len(r.Mutants) {
		t.Errorf("mutants were judged all the same: %v", verdicts(r))
	}
	// What passes when it is run again is told, and does not refuse the run.
	w = newWorld(t)
	w.fake.wrong = map[string]reports.State{"STA": reports.Unknown}
	r, _, _ = w.judge(t.Context(), "--mutants=placement")
	if !r.Baseline.Green || !slices.Equal(r.Baseline.Repeated, []string{"STA"}) || r.Baseline.Passed != 3 {
		t.Errorf("baseline %+v", r.Baseline)
	}
}

// TestResume: verdicts with the same programs stay, errors are tried again, and
// with other programs nothing stays.
func TestResume(t *testing.T) {
	w := newWorld(t)
	if _, _, err := w.judge(t.Context()); err == nil {
		t.Fatal("survivors are no error")
	}
	w.fake.trials = nil
	_, shown, _ := w.judge(t.Context(), "--resume")
	if !strings.Contains(shown, "6 verdicts of") {
		t.Errorf("shown: %s", shown)
	}
	for _, tr := range w.fake.trials {
		if !strings.Contains(tr.Env[0], "dies") && !strings.Contains(tr.Env[0], "hangs") {
			t.Errorf("%s was judged again", tr.Env[0])
		}
	}
	w.fake.trials = nil
	r, _, _ := w.judge(t.Context(), "--mutants=skip-node")
	if len(w.fake.trials) != 1 || verdicts(r)["covered"] != "killed RUM" {
		t.Errorf("one mutant anew: %d trials, %v", len(w.fake.trials), verdicts(r))
	}
	w.write("mutants", "#!/bin/sh\ncat <<'X'\n"+mutants+"\nX\n# another program\n")
	r, shown, _ = w.judge(t.Context(), "--resume", "--mutants=skip-node")
	if verdicts(r)["covered"] != "pending" || !strings.Contains(shown, "all is judged anew") {
		t.Errorf("another program: %v\n%s", verdicts(r), shown)
	}
}

// TestInterrupt: what was judged is in the file, the rest is pending, and no page is made.
func TestInterrupt(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.fake.cancel, w.fake.at = cancel, "survivor"
	r, shown, err := w.judge(ctx)
	if exit.Of(err) != exit.Environment && exit.Of(err) != exit.NotConformant {
		t.Errorf("class %d: %v", exit.Of(err), err)
	}
	got := verdicts(r)
	if got["skip-node"] != "killed PLC" || got["survivor"] != "pending" || !strings.Contains(shown, "is not made") {
		t.Errorf("%v\n%s", got, shown)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "page.md")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a page was made: %v", err)
	}
	if r, _, _ = w.judge(t.Context(), "--resume"); len(r.In(result.Pending)) != 0 {
		t.Errorf("after --resume: %v", verdicts(r))
	}
}

func TestMatrix(t *testing.T) {
	w := newWorld(t)
	r, _, _ := w.judge(t.Context(), "--matrix")
	for _, m := range r.Mutants {
		if !m.Whole {
			t.Errorf("%s was judged by its clauses alone", m.ID)
		}
	}
	for _, tr := range w.fake.trials {
		if tr.FailFast {
			t.Errorf("a trial of the matrix ends early: %+v", tr)
		}
	}
	got := verdicts(r)
	if got["elsewhere"] != "killed STA" || got["flaky"] != "survived" || got["hangs"] != "unjudged" || got["dies"] != "error" || got["equal"] != "equivalent" {
		t.Errorf("%v", got)
	}
	never, notAlone := r.Idle()
	if len(never) != 0 || len(notAlone) != 0 {
		t.Errorf("idle: %v, %v", never, notAlone)
	}
}

func TestWrongUsage(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct{ arg, says string }{
		{"--mutants=skip-nod", `"skip-node"`},
		{"--jobs=0", "1 or more"},
		{"--procs=-1", "0 or more"},
		{"--nonsense", "nonsense"},
		{"more", `"more"`},
	} {
		if _, _, err := w.judge(t.Context(), tc.arg); exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: class %d: %v", tc.arg, exit.Of(err), err)
		}
	}
}

// TestListsThatCannotBe: a list that is wrong in itself stops the run.
func TestListsThatCannotBe(t *testing.T) {
	for body, says := range map[string]string{
		`[]`:              "lists no mutant",
		`[{"id":"a b"}]`:  "one word",
		`[{"id":"none"}]`: "two of that name",
		`[{"id":"a"}]`:    "an area",
		`[{"id":"a","area":"x","notice":"n","equivalent":true}]`: "go together",
	} {
		w := newWorld(t)
		w.write("mutants", "#!/bin/sh\necho '"+body+"'\n")
		if _, _, err := w.judge(t.Context()); exit.Of(err) != exit.Internal || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: class %d: %v", body, exit.Of(err), err)
		}
	}
}

// TestPageAgain: the page is made of a file with a green baseline alone.
func TestPageAgain(t *testing.T) {
	w := newWorld(t)
	args := []string{"--page", "--out=" + w.dir + "/mutation.json", "--doc=" + w.dir + "/page.md", "--upstream=" + w.dir + "/upstream.jsonl"}
	var shown bytes.Buffer
	if err := work(t.Context(), args, &shown); exit.Of(err) != exit.Usage {
		t.Errorf("without a file: %v", err)
	}
	w.fake.wrong = map[string]reports.State{"STA": reports.Failed}
	if _, _, err := w.judge(t.Context()); err == nil {
		t.Fatal("the unmutated controller fails")
	}
	if err := work(t.Context(), args, &shown); exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), "unmutated") {
		t.Errorf("without a green baseline: %v", err)
	}
	w.fake = &fake{}
	_, _, _ = w.judge(t.Context())
	w.write("upstream.jsonl", `{"program":"p","id":"skip-node","state":"killed","killedBy":["[sig-apps] Daemon set should run"],"seconds":12}`+"\n")
	if err := work(t.Context(), args, &shown); err != nil {
		t.Fatal(err)
	}
	if kept, err := result.Read(w.dir + "/page.json"); err != nil || len(kept.Mutants) == 0 {
		t.Errorf("beside the page: %v", err)
	}
	page, err := os.ReadFile(w.dir + "/page.md")
	if err != nil || !strings.Contains(string(page), "killed by [sig-apps] Daemon set should run") {
		t.Errorf("%v\n%s", err, page)
	}
}

package run

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/reports"
)

// TestMain makes the test binary all three processes of a run, as the command is.
func TestMain(m *testing.M) {
	if IsWorker(os.Args[0]) {
		os.Exit(Worker(context.Background(), odd(), fake))
	}
	if len(os.Args) > 1 && os.Args[1] == CoordinatorCommand {
		Coordinator(os.Args[2:])
		return
	}
	os.Exit(m.Run())
}

// fake executes the body without a cluster; the bodies below only need the Reporter.
func fake(context.Context, Config) (Execute, error) {
	return func(ctx context.Context, s framework.Spec, r framework.Reporter) { bodies()[s.ID](ctx, r) }, nil
}

// bodies are specs that end in every way a spec can end.
func bodies() map[string]func(context.Context, framework.Reporter) {
	fail := func(class framework.Class) func(context.Context, framework.Reporter) {
		return func(_ context.Context, r framework.Reporter) {
			f := framework.Failure{Class: class, Expected: "one pod on each node", Seen: "no pod on node w2", Cause: "nobody made it", Look: []string{"events.jsonl"}}
			r.Entry(framework.EntryFailure, f)
			r.Fail(f.Text(framework.Spec{ID: "x"}))
		}
	}
	return map[string]func(context.Context, framework.Reporter){
		"DS-TST-001": func(context.Context, framework.Reporter) {},
		"DS-TST-002": fail(framework.NonConformant),
		"DS-TST-003": fail(framework.EnvironmentFault),
		"DS-TST-004": func(context.Context, framework.Reporter) { panic("a bug of ours") },
		"DS-TST-005": func(_ context.Context, r framework.Reporter) { r.Skip("it needs add-node") },
		"DS-TST-006": func(_ context.Context, r framework.Reporter) {
			r.Entry(framework.EntryUnknown, "a gap in the watch of pods")
		},
		"DS-TST-007": func(context.Context, framework.Reporter) { os.Exit(7) },
		"DS-TST-008": func(ctx context.Context, _ framework.Reporter) { <-ctx.Done() },
		"DS-TST-011": func(ctx context.Context, _ framework.Reporter) { <-ctx.Done() },
		"DS-TST-009": func(context.Context, framework.Reporter) { gomega.Expect(1).To(gomega.Equal(2)) },
		"DS-TST-010": func(_ context.Context, r framework.Reporter) {
			r.Defer(func(context.Context) { panic("a clean-up's bug") })
		},
	}
}

func odd() *framework.Registry {
	r := &framework.Registry{}
	for id := range bodies() {
		r.Add(framework.Spec{
			ID: id, Area: framework.Placement, Title: "spec " + id, Behaviour: "It MUST hold.", Clauses: []string{"clause"},
			Level: framework.Core, Why: "because", Body: func(context.Context, *framework.Env) {},
		})
	}
	return r
}

// runOdd runs the odd specs with the IDs through real Ginkgo processes.
func runOdd(ctx context.Context, t *testing.T, procs int, ids ...string) (*Results, string) {
	t.Helper()
	return runPlan(ctx, t, Plan{Procs: procs}, ids...)
}

// runPlan fills the plan with the odd specs of the IDs and runs it.
func runPlan(ctx context.Context, t *testing.T, plan Plan, ids ...string) (*Results, string) {
	t.Helper()
	specs, err := odd().Select(framework.Selection{Focus: ids})
	if err != nil {
		t.Fatal(err)
	}
	if len(ids) == 0 {
		specs = nil
	}
	var shown bytes.Buffer
	out := t.TempDir()
	timeouts := framework.DefaultTimeouts()
	timeouts.Cleanup = time.Second
	plan.Specs, plan.Seed, plan.Log = specs, 1, steps.New(&shown)
	plan.Config.Settings = framework.Settings{OutDir: out, Timeouts: timeouts}
	results, err := Run(ctx, plan)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(filepath.Join(out, "ginkgo.log")); err == nil && testing.Verbose() {
		t.Logf("ginkgo.log:\n%s", raw)
	}
	return results, shown.String()
}

func states(r *Results) map[string]reports.State {
	out := map[string]reports.State{}
	for _, s := range r.Specs() {
		out[s.ID] = s.State
	}
	return out
}

// TestEveryWayToEnd proves that no odd end of a spec is a pass, in parallel
// workers as in one.
func TestEveryWayToEnd(t *testing.T) {
	want := map[string]reports.State{
		"DS-TST-001": reports.Passed,
		"DS-TST-002": reports.Failed,
		"DS-TST-003": reports.Unknown,
		"DS-TST-004": reports.Unknown,
		"DS-TST-005": reports.Skipped,
		"DS-TST-006": reports.Unknown,
		"DS-TST-009": reports.Failed,
		"DS-TST-010": reports.Unknown,
	}
	var ids []string
	for id := range want {
		ids = append(ids, id)
	}
	for _, procs := range []int{1, 3} {
		results, shown := runOdd(t.Context(), t, procs, ids...)
		for id, state := range states(results) {
			if state != want[id] {
				t.Errorf("%d workers: %s is %s, want %s", procs, id, state, want[id])
			}
		}
		if got := len(results.Specs()); got != len(want) {
			t.Errorf("%d workers: %d verdicts, want %d", procs, got, len(want))
		}
		for _, line := range []string{"ok DS-TST-001", "!! DS-TST-002", "?? DS-TST-004", "-- DS-TST-005"} {
			if !strings.Contains(shown, line) {
				t.Errorf("%d workers: the progress does not show %q:\n%s", procs, line, shown)
			}
		}
	}
}

// TestDeadWorker: a worker that dies takes no verdict with it as a pass.
func TestDeadWorker(t *testing.T) {
	results, _ := runOdd(t.Context(), t, 1, "DS-TST-007")
	got := results.Specs()[0]
	if got.State != reports.Unknown || !strings.Contains(got.Reason, "without a result") {
		t.Errorf("a dead worker's spec is %s (%s), want unknown", got.State, got.Reason)
	}
}

// TestInterrupt: what was running and what never ran is unknown.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	results, _ := runOdd(ctx, t, 1, "DS-TST-008", "DS-TST-011")
	for _, got := range results.Specs() {
		if got.State != reports.Unknown || got.Reason == "" {
			t.Errorf("%s of an interrupted run is %s (%s), want unknown with a reason", got.ID, got.State, got.Reason)
		}
	}
}

// TestFailFast: the first failure ends the run, an unknown verdict does not, and
// what was not judged says why.
func TestFailFast(t *testing.T) {
	for _, bound := range []bool{false, true} {
		plan := Plan{Procs: 3, FailFast: true, Config: Config{Bound: bound}}
		// Two of the three workers hold specs that end only by being ended.
		results, _ := runPlan(t.Context(), t, plan, "DS-TST-002", "DS-TST-008", "DS-TST-011")
		got := map[string]reports.Spec{}
		for _, s := range results.Specs() {
			got[s.ID] = s
		}
		for _, id := range []string{"DS-TST-008", "DS-TST-011"} {
			if got[id].State != reports.Unknown || got[id].Reason != "not judged: --fail-fast ended the run when DS-TST-002 had failed" {
				t.Errorf("bound %v: %s is %s (%s), want unknown because of --fail-fast", bound, id, got[id].State, got[id].Reason)
			}
		}
		if got["DS-TST-002"].State != reports.Failed {
			t.Errorf("bound %v: DS-TST-002 is %s, want failed", bound, got["DS-TST-002"].State)
		}
		if trouble := results.Trouble(); len(trouble) > 0 {
			t.Errorf("bound %v: an early end is no trouble: %v", bound, trouble)
		}
	}
	results, _ := runPlan(t.Context(), t, Plan{Procs: 1, FailFast: true}, "DS-TST-001", "DS-TST-003", "DS-TST-004", "DS-TST-006")
	for id, want := range map[string]reports.State{"DS-TST-001": reports.Passed, "DS-TST-003": reports.Unknown, "DS-TST-004": reports.Unknown, "DS-TST-006": reports.Unknown} {
		if got := states(results)[id]; got != want {
			t.Errorf("%s is %s, want %s: only a failure ends the run", id, got, want)
		}
	}
	for _, s := range results.Specs() {
		if strings.Contains(s.Reason, "fail-fast") {
			t.Errorf("%s was ended by %s, though nothing failed", s.ID, s.Reason)
		}
	}
}

func TestZeroSpecs(t *testing.T) {
	results, _ := runOdd(t.Context(), t, 1)
	if n := len(results.Specs()); n != 0 {
		t.Errorf("%d verdicts of no specs", n)
	}
}

// TestFailureSurvivesTheWire: the explanation arrives as it was given.
func TestFailureSurvivesTheWire(t *testing.T) {
	results, _ := runOdd(t.Context(), t, 1, "DS-TST-002")
	got := results.Specs()[0]
	if got.Failure == nil || got.Failure.Seen != "no pod on node w2" || got.Failure.Cause != "nobody made it" || len(got.Failure.Look) != 1 {
		raw, err := json.Marshal(got)
		t.Errorf("the explanation was lost (%v): %s", err, raw)
	}
	if !flag.Parsed() {
		t.Error("the flags are not parsed")
	}
}

// TestPriority: what uses all nodes never starts before what disturbs them.
func TestPriority(t *testing.T) {
	t.Parallel()
	order := []framework.Spec{
		{Nodes: framework.NodeNeed{All: true}},
		{Nodes: framework.NodeNeed{All: true}, Slow: true},
		{Nodes: framework.NodeNeed{Workers: 2}},
		{Slow: true},
		{Nodes: framework.NodeNeed{Workers: 2, Exclusive: true}},
		{Nodes: framework.NodeNeed{Workers: 2, Exclusive: true}, Slow: true},
		{Nodes: framework.NodeNeed{Workers: 2, Topology: true}},
		{Nodes: framework.NodeNeed{Topology: true}, Slow: true},
	}
	for i := 1; i < len(order); i++ {
		if priority(order[i-1]) >= priority(order[i]) {
			t.Errorf("%+v does not come before %+v", order[i].Nodes, order[i-1].Nodes)
		}
	}
}

package result

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dsconform/dsconform/hack/internal/trial"
)

func sample() *Result {
	return &Result{
		APIVersion: APIVersion, Kind: Kind, Key: "k", Program: "p", Version: "v1", Kubernetes: "v1.37.2", Seconds: 61, Jobs: 3,
		Machine: trial.Machine{CPU: "a|b", Cores: 2}, Finished: time.Date(2026, 11, 26, 1, 2, 3, 0, time.UTC),
		Baseline: Baseline{Green: true, Passed: 3, Skipped: []string{"D"}, Repeated: []string{"B"}},
		Mutants: []Mutant{
			{ID: "m1", Area: "x", Notice: "n|1", Clauses: []string{"A"}, State: Killed, KilledBy: []Kill{{Spec: "A", Seconds: 3}}, Seconds: 9},
			{ID: "m2", Area: "x", Notice: "n2", Clauses: []string{"Z"}, State: Survived, Whole: true, Unconfirmed: []string{"B"}},
			{ID: "m3", Area: "y", Notice: "n3", State: Equivalent, Proof: "nobody sees it"},
			{ID: "m4", Area: "y", Notice: "n4", State: Broken, Reason: "it ended"},
			{ID: "m5", Area: "y", Notice: "n5", State: Killed, Proof: "p", KilledBy: []Kill{{Spec: "A"}, {Spec: "B"}}},
		},
		Specs: []Spec{{ID: "A", Area: "x"}, {ID: "B", Area: "x"}, {ID: "C", Area: "y", Covers: []string{"Z"}}, {ID: "D", Area: "y"}},
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	var got []string
	for _, s := range sample().Scores() {
		got = append(got, s.Of+" "+s.String())
	}
	if text := strings.Join(got, ", "); text != "x 1/2 = 50.0 %, y 1/2 = 50.0 %, all 2/4 = 50.0 %" {
		t.Errorf("scores %s", text)
	}
	if s := (Score{}); s.String() != "-" {
		t.Errorf("of nothing: %s", s)
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	never, notAlone := sample().Idle()
	// D cannot be judged here; A kills m1 alone; B kills m5 beside A; C kills nothing.
	if ids(never) != "C" || ids(notAlone) != "B" {
		t.Errorf("never %s, not alone %s", ids(never), ids(notAlone))
	}
	if got := ids(sample().WithoutMutant()); got != "B, D" {
		t.Errorf("without a mutant: %s", got)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	page := Page(sample(), nil)
	for _, want := range []string{
		"| Date | 2026-11-26 |", "| Duration | 1m1s, 3 mutants at once |", `2 cores of a\|b`, "passed only when run again: B", "specs | 0 of 5 mutants were tried |",
		"| x | 2 | 1 | 1 | 0 | 0 | 0 | 0 | 1/2 = 50.0 % | not run |",
		`| m1 | x | n\|1 | A | 3 | 9 | not run |`, "| m2 | x | n2 | Z | B | not run |", "| m3 | y | nobody sees it | not run |",
		"| m4 | y | error | it ended |", "**m5 was declared equivalent, and is not", "Not known: this run ended with the first kill",
		"## Specs without a mutant (2)", "| x | B |\n| y | D |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q:\n%s", want, page)
		}
	}
	r := sample()
	r.Matrix = true
	page = Page(r, map[string]Upstream{"m1": {ID: "m1", Program: "p", State: Killed, KilledBy: []string{"t1", "t2"}}, "m2": {ID: "m2", State: Survived}, "m3": {ID: "m3", State: Survived}})
	for _, want := range []string{
		"1 specs kill no mutant: C", "1 more kill none alone", "killed by t1; t2", "specs | 3 of 5 mutants were tried; 2 of them by an earlier program of mutants |", "| 1/2 = 50.0 % | 1/2 = 50.0 % |", "| m2 | x | n2 | Z | B | survived |",
		"| y | 3 | 1 | 0 | 1 | 0 | 1 | 0 | 1/2 = 50.0 % | - |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of a matrix does not have %q:\n%s", want, page)
		}
	}
}

// TestReadRefuses: no verdict is believed that its own fields do not bear out.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mutation.json")
	read := func(change func(*Result)) error {
		r := sample()
		change(r)
		if err := trial.WriteJSON(path, r); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path)
		return err
	}
	if err := read(func(*Result) {}); err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string]func(*Result){
		"no spec killed it":       func(r *Result) { r.Mutants[0].KilledBy = nil },
		"not every spec":          func(r *Result) { r.Mutants[1].Unknown = []string{"A"} },
		"without a proof":         func(r *Result) { r.Mutants[2].Proof = "" },
		"without a reason":        func(r *Result) { r.Mutants[3].Reason = "" },
		`the state "gone"`:        func(r *Result) { r.Mutants[3].State = "gone" },
		"it is called equivalent": func(r *Result) { r.Mutants[2].KilledBy = []Kill{{Spec: "A"}} },
		"is needed":               func(r *Result) { r.Kind = "Report" },
	} {
		if err := read(change); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if err := os.WriteFile(path, []byte(`{"apiVersion":"dsconform.dev/v1","kind":"MutationResult","more":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil {
		t.Error("a field nobody knows is read")
	}
}

func TestUpstream(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "up.json")
	if got, err := ReadUpstream(path); got != nil || err != nil {
		t.Errorf("none: %v, %v", got, err)
	}
	for text, says := range map[string]string{
		`{"id":"a","state":"killed","killedBy":["t"],"seconds":1}`: "",
		`{"id":"a","state":"dead"}`:                                "must be killed",
		`{"id":"a","state":"error","more":1}`:                      "unknown field",
		`[]`:                                                       "line 1",
	} {
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadUpstream(path)
		if (says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestTheLastVerdictCounts: a mutant that could not be judged is judged again.
func TestTheLastVerdictCounts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "up.jsonl")
	for _, u := range []Upstream{{ID: "m1", State: Broken}, {ID: "m2", State: Survived}, {ID: "m1", State: Killed, KilledBy: []string{"t"}}} {
		if err := trial.AddLine(path, u); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadUpstream(path)
	if err != nil || len(got) != 2 || got["m1"].State != Killed || got["m2"].State != Survived {
		t.Errorf("%v, %v", got, err)
	}
}

// TestOneThatItsClausesDidNotKillCounts: a run that ends early is no better for it.
func TestOneThatItsClausesDidNotKillCounts(t *testing.T) {
	t.Parallel()
	r := &Result{Mutants: []Mutant{
		{ID: "a", Area: "x", State: Killed}, {ID: "b", Area: "x", State: Pending, Seconds: 60}, {ID: "c", Area: "x", State: Pending},
	}}
	if got := r.Scores()[0]; got.String() != "1/2 = 50.0 %" || got.Counts[Unjudged] != 1 || got.Counts[Pending] != 1 {
		t.Errorf("got %s, %v", got, got.Counts)
	}
}

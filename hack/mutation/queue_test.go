package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/reports"
)

func TestLongestFirst(t *testing.T) {
	t.Parallel()
	r := &result.Result{
		Specs: []result.Spec{{ID: "A"}, {ID: "B", Covers: []string{"B-2"}}, {ID: "C"}, {ID: "REAL"}},
		Mutants: []result.Mutant{
			{ID: "short", Clauses: []string{"A"}}, {ID: "covered", Clauses: []string{"B-2"}}, {ID: "no-clause"},
			{ID: "many", Clauses: []string{"A", "C", "A"}}, {ID: "not-here", Clauses: []string{"REAL"}},
			{ID: "short-too", Clauses: []string{"A", "REAL"}}, {ID: "not-asked", Clauses: []string{"C"}},
		},
		Baseline: result.Baseline{Skipped: []string{"REAL"}, Took: map[string]float64{"A": 7, "B": 20, "C": 300, "REAL": 900}},
	}
	order := func(r *result.Result) string {
		places := []int{0, 1, 2, 3, 4, 5}
		longestFirst(places, r)
		var out []string
		for _, i := range places {
			out = append(out, r.Mutants[i].ID)
		}
		return strings.Join(out, " ")
	}
	if got, want := order(r), "no-clause not-here many covered short short-too"; got != want {
		t.Errorf("the order is %s, want %s", got, want)
	}
	// A file of before, in which no times stand, has the mutants in their own order.
	r.Baseline.Took = nil
	if got, want := order(r), "no-clause not-here short covered many short-too"; got != want {
		t.Errorf("without times the order is %s, want %s", got, want)
	}
}

// TestTheLongestBegin: the baseline tells how long the specs take, and the trials
// begin in that order, in a resumed run too.
func TestTheLongestBegin(t *testing.T) {
	w := newWorld(t)
	w.fake.took = map[string]float64{"PLC": 1, "RUM": 3, "STA": 60}
	w.fake.wrong = map[string]reports.State{"RUM": reports.Unknown} // it is run again, and then takes no longer
	begun := func() []string {
		var out []string
		for _, tr := range w.fake.trials {
			id := strings.TrimPrefix(tr.Env[0], "DSCONFORM_MUTANT=")
			if id != "none" && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
		w.fake.trials = nil
		return out
	}
	r, _, _ := w.judge(t.Context(), "--jobs=1", "--mutants=skip-node,covered,hangs,dies")
	if got, want := begun(), []string{"dies", "hangs", "covered", "skip-node"}; !slices.Equal(got, want) {
		t.Errorf("begun are %v, want %v", got, want)
	}
	if took := r.Baseline.Took; took["STA"] != 60 || took["RUM"] != 3 || took["PLC"] != 1 {
		t.Errorf("the baseline says %v", took)
	}
	if r.Mutants[0].ID != "skip-node" || r.Mutants[6].ID != "dies" {
		t.Errorf("the file is no longer in the order of the list: %v", verdicts(r))
	}
	_, _, _ = w.judge(t.Context(), "--jobs=1", "--resume", "--mutants=skip-node,elsewhere,dies")
	if got, want := begun(), []string{"dies", "elsewhere"}; !slices.Equal(got, want) {
		t.Errorf("resumed, begun are %v, want %v", got, want)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/nearest"
)

// declared is a mutant as the program lists it by --list --json.
type declared struct {
	ID          string   `json:"id"`
	Area        string   `json:"area"`
	Notice      string   `json:"notice"`
	Clauses     []string `json:"clauses"`
	Injection   string   `json:"injection"`
	ModelledOn  string   `json:"modelledOn"`
	Environment []string `json:"environment"`
	Equivalent  bool     `json:"equivalent"`
	Proof       string   `json:"proof"`
}

// unmutated is the ID by which the program is the controller as it is.
const unmutated = "none"

// list gives the program's mutants, none of them judged.
func list(ctx context.Context, program string) ([]result.Mutant, error) {
	var all []declared
	if err := trial.JSON(ctx, &all, program, "--list", "--json"); err != nil {
		return nil, exit.Environmentf("list the mutants: %w", err)
	}
	if len(all) == 0 {
		return nil, exit.Internalf("%s lists no mutant", program)
	}
	var out []result.Mutant
	seen := map[string]bool{unmutated: true}
	for _, d := range all {
		if err := d.check(seen); err != nil {
			return nil, exit.Internalf("mutant %q: %w", d.ID, err)
		}
		seen[d.ID] = true
		out = append(out, result.Mutant{
			ID: d.ID, Area: d.Area, Notice: d.Notice, Clauses: append([]string{}, d.Clauses...), Injection: d.Injection, ModelledOn: d.ModelledOn,
			Environment: d.Environment, Proof: d.Proof, State: result.Pending, KilledBy: []result.Kill{},
		})
	}
	return out, nil
}

func (d declared) check(seen map[string]bool) error {
	switch {
	case d.ID == "" || strings.ContainsAny(d.ID, "/, \n"):
		return errors.New("it needs a name of one word")
	case seen[d.ID]:
		return errors.New("there are two of that name")
	case d.Area == "" || d.Notice == "":
		return errors.New("it needs an area and what a user would notice")
	case d.Equivalent != (d.Proof != ""):
		return errors.New("equivalent and proof go together")
	}
	return nil
}

// choose gives the IDs of the mutants that the words name, each an ID or an area; all for no word.
func choose(mutants []result.Mutant, words []string) (map[string]bool, error) {
	out := map[string]bool{}
	var known []string
	for _, m := range mutants {
		known = append(known, m.ID, m.Area)
		if len(words) == 0 || slices.Contains(words, m.ID) || slices.Contains(words, m.Area) {
			out[m.ID] = true
		}
	}
	for _, w := range words {
		if !slices.Contains(known, w) {
			return nil, exit.Usagef("no mutant or area is called %q; the nearest is %q", w, nearest.Of(w, known))
		}
	}
	return out, nil
}

// controllers is the --controllers value for a mutant.
func controllers(environment []string) string {
	if len(environment) == 0 {
		return ""
	}
	words := []string{"*", "-daemonset-controller"}
	for _, name := range environment {
		words = append(words, "-"+strings.TrimPrefix(name, "-"))
	}
	return strings.Join(words, ",")
}

// specsOf gives the specs that judge the clauses: those of that ID, and those that
// cover it.
func specsOf(clauses []string, specs []result.Spec) []string {
	var out []string
	for _, s := range specs {
		if slices.ContainsFunc(append([]string{s.ID}, s.Covers...), func(id string) bool { return slices.Contains(clauses, id) }) {
			out = append(out, s.ID)
		}
	}
	return out
}

// specs gives the suite's specs as the result lists them.
func specs(ctx context.Context, executable string) ([]result.Spec, error) {
	all, err := trial.Catalogue(ctx, executable)
	if err != nil {
		return nil, exit.Environmentf("%w", err)
	}
	if len(all) == 0 {
		return nil, exit.Internalf("%s has no spec", executable)
	}
	var out []result.Spec
	for _, s := range all {
		out = append(out, result.Spec{ID: s.ID, Area: s.Area, Title: s.Title, Covers: s.Covers})
	}
	return out, nil
}

// idsOf are the specs' IDs.
func idsOf(specs []result.Spec) []string {
	out := make([]string, 0, len(specs))
	for _, s := range specs {
		out = append(out, s.ID)
	}
	return out
}

// without gives the IDs that are not among those taken away.
func without(ids, taken []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(taken, id) })
}

// oneLine words an error as one line.
func oneLine(err error) string { return strings.Join(strings.Fields(fmt.Sprint(err)), " ") }

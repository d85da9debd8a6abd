package main

import (
	"context"
	"slices"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/hack/mutation/result"
	"github.com/dsconform/dsconform/internal/exit"
)

// list gives the program's mutants, none of them judged.
func list(ctx context.Context, program string) ([]result.Mutant, error) {
	all, err := trial.Mutants(ctx, program)
	if err != nil {
		return nil, err
	}
	var out []result.Mutant
	for _, m := range all {
		out = append(out, result.Mutant{
			ID: m.ID, Area: m.Area, Notice: m.Notice, Clauses: append([]string{}, m.Clauses...), Injection: m.Injection, ModelledOn: m.ModelledOn,
			Environment: m.Environment, Admission: m.Admission, Proof: m.Proof, State: result.Pending, KilledBy: []result.Kill{},
		})
	}
	return out, nil
}

// choose gives the IDs of the mutants that the words name, each an ID or an area; all for no word.
func choose(mutants []result.Mutant, words []string) (map[string]bool, error) {
	var all []trial.Mutant
	for _, m := range mutants {
		all = append(all, trial.Mutant{ID: m.ID, Area: m.Area})
	}
	chosen, err := trial.Choose(all, words)
	out := map[string]bool{}
	for _, m := range chosen {
		out[m.ID] = true
	}
	return out, err
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

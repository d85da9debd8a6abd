package trial

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/nearest"
)

// Mutant is a defect as the program of mutants lists it by --list --json.
type Mutant struct {
	ID         string   `json:"id"`
	Area       string   `json:"area"`
	Notice     string   `json:"notice"`
	Clauses    []string `json:"clauses"`
	Injection  string   `json:"injection"`
	ModelledOn string   `json:"modelledOn"`
	// Environment are controllers that the control plane is to run without.
	Environment []string `json:"environment"`
	// Admission is a manifest of admission policies that the API server is to go by.
	Admission  string `json:"admission"`
	Equivalent bool   `json:"equivalent"`
	Proof      string `json:"proof"`
}

// Unmutated is the ID by which the program is the controller as it is.
const Unmutated = "none"

// MutantEnv is what the program's environment holds for it to be that mutant.
func MutantEnv(id string) string { return "DSCONFORM_MUTANT=" + id }

// Mutants gives the program's mutants, each of them complete and of a name of its own.
func Mutants(ctx context.Context, program string) ([]Mutant, error) {
	var all []Mutant
	if err := JSON(ctx, &all, program, "--list", "--json"); err != nil {
		return nil, exit.Environmentf("list the mutants: %w (make mutants builds the program)", err)
	}
	if len(all) == 0 {
		return nil, exit.Internalf("%s lists no mutant", program)
	}
	seen := map[string]bool{Unmutated: true}
	for _, m := range all {
		if err := m.check(seen); err != nil {
			return nil, exit.Internalf("mutant %q: %w", m.ID, err)
		}
		seen[m.ID] = true
	}
	return all, nil
}

func (m Mutant) check(seen map[string]bool) error {
	switch {
	case m.ID == "" || strings.ContainsAny(m.ID, "/, \n"):
		return errors.New("it needs a name of one word")
	case seen[m.ID]:
		return errors.New("there are two of that name")
	case m.Area == "" || m.Notice == "":
		return errors.New("it needs an area and what a user would notice")
	case m.Equivalent != (m.Proof != ""):
		return errors.New("equivalent and proof go together")
	}
	return nil
}

// Choose gives the mutants that the words name, each an ID or an area; all for no word.
func Choose(all []Mutant, words []string) ([]Mutant, error) {
	if len(words) == 0 {
		return all, nil
	}
	var known []string
	var out []Mutant
	for _, m := range all {
		known = append(known, m.ID, m.Area)
		if slices.Contains(words, m.ID) || slices.Contains(words, m.Area) {
			out = append(out, m)
		}
	}
	for _, w := range words {
		if !slices.Contains(known, w) {
			return nil, exit.Usagef("no mutant or area is called %q; the nearest is %q", w, nearest.Of(w, known))
		}
	}
	return out, nil
}

// Controllers is the --controllers value of a control plane that runs neither the
// DaemonSet controller nor those of a mutant's environment.
func Controllers(environment []string) string {
	out := clusters.DaemonSetControllerOff
	for _, name := range environment {
		out += ",-" + strings.TrimPrefix(name, "-")
	}
	return out
}

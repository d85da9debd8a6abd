package catalogue

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/agnivade/levenshtein"
)

// entry is a defect as --list --json gives it.
type entry struct {
	ID          string   `json:"id"`
	Area        string   `json:"area"`
	Notice      string   `json:"notice"`
	Clauses     []string `json:"clauses"`
	Injection   string   `json:"injection"`
	ModelledOn  string   `json:"modelledOn"`
	Environment []string `json:"environment,omitempty"`
	Admission   string   `json:"admission,omitempty"`
	Equivalent  bool     `json:"equivalent,omitempty"`
	Proof       string   `json:"proof,omitempty"`
}

// WriteJSON writes everything that is declared of every defect.
func WriteJSON(w io.Writer) error {
	out := []entry{}
	for _, m := range All() {
		out = append(out, entry{
			ID: m.ID, Area: m.Area, Notice: m.Notice, Clauses: m.Clauses, Injection: m.Injection, ModelledOn: m.ModelledOn,
			Environment: m.Environment, Admission: m.Admission, Equivalent: m.Proof != "", Proof: m.Proof,
		})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("writing the list of mutants: %w", err)
	}
	return nil
}

// WriteText writes a line for each defect: ID, area, what a user would notice.
func WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range All() {
		fmt.Fprintf(t, "%s\t%s\t%s\n", m.ID, m.Area, m.Notice)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("writing the list of mutants: %w", err)
	}
	return nil
}

// Nearest gives the ID that was probably meant.
func Nearest(id string) string {
	best, least := "", -1
	for _, m := range All() {
		if d := levenshtein.ComputeDistance(id, m.ID); least < 0 || d < least {
			best, least = m.ID, d
		}
	}
	return best
}

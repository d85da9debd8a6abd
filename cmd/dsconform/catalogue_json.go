package main

import (
	"encoding/json"
	"io"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/suites/rows"
)

// specJSON is a spec as JSON.
type specJSON struct {
	ID        string   `json:"id"`
	Area      string   `json:"area"`
	Title     string   `json:"title"`
	Behaviour string   `json:"behaviour"`
	Clauses   []string `json:"clauses"`
	Covers    []string `json:"covers,omitempty"`
	Level     string   `json:"level"`
	Why       string   `json:"why"`
	Needs     []string `json:"needs,omitempty"`
	Versions  string   `json:"versions,omitempty"`
}

// rowJSON is a row as JSON. An ID that is a spec's and no row has no sentence,
// but an addition.
type rowJSON struct {
	ID        string       `json:"id"`
	Area      string       `json:"area,omitempty"`
	Level     string       `json:"level,omitempty"`
	Behaviour string       `json:"behaviour,omitempty"`
	Source    string       `json:"source,omitempty"`
	Versions  string       `json:"versions,omitempty"`
	CoveredBy []string     `json:"coveredBy,omitempty"`
	Excused   *rows.Excuse `json:"excused,omitempty"`
	Addition  string       `json:"addition,omitempty"`
	// Specs and Bugs are given of one ID that was asked for.
	Specs []specJSON `json:"specs,omitempty"`
	Bugs  []rows.Bug `json:"bugs,omitempty"`
}

func (v *catalogueView) specsJSON(w io.Writer) error {
	out := make([]specJSON, 0, len(v.specs))
	for _, s := range v.specs {
		out = append(out, specOf(s))
	}
	return encoded(w, out)
}

func (v *catalogueView) rowsJSON(w io.Writer) error {
	out := make([]rowJSON, 0, len(v.rows))
	for _, r := range v.rows {
		out = append(out, v.rowOf(r.ID))
	}
	return encoded(w, out)
}

func (v *catalogueView) oneJSON(w io.Writer, id string) error {
	out := v.rowOf(id)
	for _, s := range v.specsOf(id) {
		out.Specs = append(out.Specs, specOf(s))
	}
	out.Bugs = v.catalogue.BugsOf(out.CoveredBy...)
	return encoded(w, out)
}

func specOf(s framework.Spec) specJSON {
	out := specJSON{
		ID: s.ID, Area: string(s.Area), Title: s.Title, Behaviour: s.Behaviour, Clauses: s.Clauses,
		Covers: s.Covers, Level: string(s.Level), Why: s.Why, Versions: s.Versions,
	}
	for _, n := range s.Needs {
		out.Needs = append(out.Needs, string(n))
	}
	return out
}

func (v *catalogueView) rowOf(id string) rowJSON {
	out := rowJSON{ID: id, CoveredBy: v.covering[id]}
	if r, ok := v.catalogue.Row(id); ok {
		out.Area, out.Level, out.Behaviour, out.Source, out.Versions = string(r.Area), string(r.Level), r.Behaviour, r.Source, r.Versions
	}
	if x, ok := v.catalogue.Excuse(id); ok {
		out.Excused = &x
	}
	out.Addition, _ = v.catalogue.Addition(id)
	return out
}

func encoded(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return exit.Environmentf("print the catalogue: %w", err)
	}
	return nil
}

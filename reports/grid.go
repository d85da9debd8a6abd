package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dsconform/dsconform/internal/exit"
)

// MatrixKind is what a grid calls itself.
const MatrixKind = "ConformanceMatrix"

// Grid is the outcome of a version matrix: one run a row. Make it with NewGrid.
type Grid struct {
	// APIVersion is always "dsconform.dev/v1".
	APIVersion string `json:"apiVersion"`
	// Kind is always "ConformanceMatrix".
	Kind string `json:"kind"`
	// ExitCode is the worst of the rows'.
	ExitCode int `json:"exitCode"`
	// Rows are the runs, in the order of the matrix.
	Rows []GridRow `json:"rows"`
	// Differences are the specs on which the rows do not agree, sorted by ID.
	Differences []GridSpec `json:"differences"`
}

// GridRow is one run of a matrix.
type GridRow struct {
	// Name is the row's name, which its folder bears too.
	Name string `json:"name"`
	// Kubernetes is the version of the control plane.
	Kubernetes string `json:"kubernetes"`
	// Controller is the version of the DaemonSet controller, if it is another, or
	// the program in its place, as command:PATH.
	Controller string `json:"controller,omitempty"`
	// Report is the path of the row's report, relative to the grid.
	Report string `json:"report,omitempty"`
	// Passed, Failed, Unknown and Skipped count the specs.
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Unknown int `json:"unknown"`
	Skipped int `json:"skipped"`
	// Known lists the specs that are known to fail here, and did.
	Known []string `json:"known,omitempty"`
	// Why are the reasons given for them.
	Why string `json:"why,omitempty"`
	// Surplus lists the specs that failed and were not known to.
	Surplus []string `json:"surplus,omitempty"`
	// Missing lists the specs that are known to fail here and did not.
	Missing []string `json:"missing,omitempty"`
	// ExitCode is the row's, its known gaps counted as passed.
	ExitCode int `json:"exitCode"`
	// Reason is the row's outcome in a sentence.
	Reason string `json:"reason"`
}

// GridSpec is a spec on which the rows do not agree.
type GridSpec struct {
	// ID is the spec's.
	ID string `json:"id"`
	// Name is the spec's short name.
	Name string `json:"name"`
	// States are the outcomes by the name of the row; a row that did not judge
	// the spec is not among them.
	States map[string]State `json:"states"`
}

// GridInput is one row before it is judged.
type GridInput struct {
	// Name, Kubernetes, Controller and Folder are as in GridRow; Folder is where
	// the row's report is, relative to the grid.
	Name, Kubernetes, Controller, Folder string
	// Known are the gaps that must show.
	Known []Gap
	// Report is the row's report; nil if there is none, for the reason in Err.
	Report *Report
	Err    error
}

// Gap is something that is known to be missing or wrong.
type Gap struct {
	// Specs are the IDs of all that fail because of it.
	Specs []string
	// Why says what it is.
	Why string
}

// knows tells whether the spec is known to fail.
func (in GridInput) knows(id string) bool {
	return slices.ContainsFunc(in.Known, func(g Gap) bool { return slices.Contains(g.Specs, id) })
}

// whys gives the reasons for the specs to fail, and a clause for each reason.
func (in GridInput) whys(ids []string) (whys, clauses []string) {
	for _, g := range in.Known {
		var of []string
		for _, id := range g.Specs {
			if slices.Contains(ids, id) {
				of = append(of, id)
			}
		}
		if len(of) == 0 {
			continue
		}
		whys, clauses = append(whys, g.Why), append(clauses, listed(of)+" failed ("+g.Why+")")
	}
	return whys, clauses
}

// listed names a few specs, and counts many.
func listed(ids []string) string {
	const few = 4
	if len(ids) > few {
		return fmt.Sprintf("%d specs", len(ids))
	}
	return strings.Join(ids, ", ")
}

// NewGrid judges the rows and finds what they differ in.
func NewGrid(rows []GridInput) *Grid {
	g := &Grid{APIVersion: APIVersion, Kind: MatrixKind, Rows: []GridRow{}, Differences: []GridSpec{}}
	for _, in := range rows {
		row := in.judge()
		g.Rows = append(g.Rows, row)
		g.ExitCode = int(worse(exit.Code(g.ExitCode), exit.Code(row.ExitCode)))
	}
	g.Differences = append(g.Differences, differences(rows)...)
	return g
}

// judge holds a row against what is known of it.
func (in GridInput) judge() GridRow {
	row := GridRow{Name: in.Name, Kubernetes: in.Kubernetes, Controller: in.Controller}
	if in.Report == nil {
		row.ExitCode, row.Reason = int(exit.Environment), "no report was written"
		if in.Err != nil {
			row.ExitCode, row.Reason = int(exit.Of(in.Err)), in.Err.Error()
		}
		return row
	}
	r := in.Report.canonical()
	row.Report = in.Folder + "/report.json"
	row.Passed, row.Failed, row.Unknown, row.Skipped = r.Summary.Passed, r.Summary.Failed, r.Summary.Unknown, r.Summary.Skipped
	for i, s := range r.Specs {
		known := in.knows(s.ID)
		switch {
		case known && s.State == Failed:
			row.Known = append(row.Known, s.ID)
			// Proven to be as it is known to be: nothing speaks against the row by it.
			r.Specs[i].State = Passed
		case known && s.State != Unknown:
			row.Missing = append(row.Missing, s.ID)
		case s.State == Failed && !s.Provisional:
			row.Surplus = append(row.Surplus, s.ID)
		}
	}
	row.ExitCode = int(ExitCode(r))
	row.Reason = summarise(r.Run, r.Specs).Reason
	if len(row.Known) > 0 {
		whys, clauses := in.whys(row.Known)
		row.Why = strings.Join(whys, "; ")
		row.Reason = "as expected " + strings.Join(clauses, ", ") + "; beside that " + row.Reason
	}
	if len(row.Surplus) > 0 {
		row.Reason = strings.Join(row.Surplus, ", ") + " failed unexpectedly"
	}
	if len(row.Missing) > 0 {
		row.ExitCode = int(exit.NotConformant)
		whys, _ := in.whys(row.Missing)
		missing := strings.Join(row.Missing, ", ") + " should have failed (" + strings.Join(whys, "; ") + ") and did not"
		if len(row.Surplus) > 0 {
			missing = row.Reason + "; " + missing
		}
		row.Reason = missing
	}
	return row
}

// worse gives the code that outweighs the other: a proven failure, then a fault
// of the suite, then an open verdict, then wrong usage.
func worse(a, b exit.Code) exit.Code {
	order := []exit.Code{exit.Conformant, exit.Usage, exit.Environment, exit.Internal, exit.NotConformant}
	if slices.Index(order, a) >= slices.Index(order, b) {
		return a
	}
	return b
}

// differences finds the specs on which the rows do not agree.
func differences(rows []GridInput) []GridSpec {
	specs := map[string]*GridSpec{}
	judging := 0
	for _, in := range rows {
		if in.Report == nil {
			continue
		}
		judging++
		for _, s := range in.Report.Specs {
			if specs[s.ID] == nil {
				specs[s.ID] = &GridSpec{ID: s.ID, Name: s.Name, States: map[string]State{}}
			}
			specs[s.ID].States[in.Name] = s.State
		}
	}
	var out []GridSpec
	for _, id := range slices.Sorted(maps.Keys(specs)) {
		s := specs[id]
		if len(s.States) < judging || len(slices.Compact(slices.Sorted(maps.Values(s.States)))) > 1 {
			out = append(out, *s)
		}
	}
	return out
}

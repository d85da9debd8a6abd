package rows_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/rows"
)

// whole gives a small catalogue and specs in which nothing is wrong.
func whole() (*rows.Catalogue, []framework.Spec) {
	row := func(id string) rows.Row {
		return rows.Row{ID: id, Area: framework.Placement, Level: framework.Core, Behaviour: "It MUST.", Source: "API"}
	}
	c := &rows.Catalogue{
		Rows:      []rows.Row{row("DS-PLC-001"), row("DS-PLC-002"), row("DS-PLC-003")},
		Excused:   []rows.Excuse{{ID: "DS-PLC-003", Because: "environment", Reason: "no such node"}},
		Additions: []rows.Addition{{IDs: []string{"DS-GDE-001"}, Why: "the guide"}},
		Bugs:      []rows.Bug{{ID: "R01", Bug: "It hangs.", State: "present", Specs: []string{"DS-PLC-001"}}},
		Claims:    []rows.Claim{{ID: "G01", Claim: "It is.", Verdict: "true", Truth: "It is.", Specs: []string{"DS-GDE-001"}}},
	}
	spec := func(id string, covers ...string) framework.Spec {
		return framework.Spec{
			ID: id, Area: framework.Placement, Title: id, Behaviour: "It MUST be.", Clauses: []string{"API"}, Covers: covers,
			Level: framework.Core, Why: "why", Body: func(context.Context, *framework.Env) {},
		}
	}
	return c, []framework.Spec{spec("DS-PLC-001", "DS-PLC-002"), spec("DS-GDE-001", "DS-PLC-001")}
}

func TestCheckAcceptsAWholeCatalogue(t *testing.T) {
	t.Parallel()
	c, specs := whole()
	if err := c.Check(specs); err != nil {
		t.Error(err)
	}
}

// TestCheckFindsEachFault breaks one thing at a time: exactly its line is said.
func TestCheckFindsEachFault(t *testing.T) {
	t.Parallel()
	for want, harm := range map[string]func(c *rows.Catalogue, specs *[]framework.Spec){
		"DS-PLC-002: no spec covers the row, and excused.yaml does not say why": func(_ *rows.Catalogue, s *[]framework.Spec) { (*s)[0].Covers = nil },
		"DS-PLC-003: the row is excused, but DS-GDE-001 covers it: take it out of excused.yaml": func(_ *rows.Catalogue, s *[]framework.Spec) {
			(*s)[1].Covers = append((*s)[1].Covers, "DS-PLC-003")
		},
		"the spec DS-PLC-009 is no row of the catalogue, nor in additions.yaml": func(_ *rows.Catalogue, s *[]framework.Spec) {
			another := (*s)[0]
			another.ID, another.Covers = "DS-PLC-009", nil
			*s = append(*s, another)
		},
		"DS-GDE-001 covers DS-PLC-009, which is no row of the catalogue, nor in additions.yaml": func(_ *rows.Catalogue, s *[]framework.Spec) {
			(*s)[1].Covers = append((*s)[1].Covers, "DS-PLC-009")
		},
		"DS-PLC-001 covers DS-PLC-002 twice": func(_ *rows.Catalogue, s *[]framework.Spec) {
			(*s)[0].Covers = append((*s)[0].Covers, "DS-PLC-002")
		},
		"DS-PLC-001: two specs have the ID": func(_ *rows.Catalogue, s *[]framework.Spec) { *s = append(*s, (*s)[0]) },
		"DS-PLC-001: two rows have the ID":  func(c *rows.Catalogue, _ *[]framework.Spec) { c.Rows = append(c.Rows, c.Rows[0]) },
		"DS-PLC-002: the row is missing, though there are later ones": func(c *rows.Catalogue, s *[]framework.Spec) {
			c.Rows = slices.Delete(c.Rows, 1, 2)
			(*s)[0].Covers = nil
		},
		`DS-PLC-001: the row has the unknown level "corr"`:           func(c *rows.Catalogue, s *[]framework.Spec) { c.Rows[0].Level, (*s)[0].Level = "corr", "corr" },
		"DS-PLC-001: the row is of level extended, its spec of core": func(c *rows.Catalogue, _ *[]framework.Spec) { c.Rows[0].Level = framework.Extended },
		"DS-PLC-001: the row is of area placement, its spec of api":  func(_ *rows.Catalogue, s *[]framework.Spec) { (*s)[0].Area = framework.API },
		`DS-PLC-001: the row is of versions "", its spec of ">= 1.31.0-0"`: func(_ *rows.Catalogue, s *[]framework.Spec) {
			(*s)[0].Versions = ">= 1.31.0-0"
		},
		"DS-PLC-002: the row is no MUST or SHOULD sentence": func(c *rows.Catalogue, _ *[]framework.Spec) { c.Rows[1].Behaviour = "It may." },
		"DS-PLC-002: the row has no source":                 func(c *rows.Catalogue, _ *[]framework.Spec) { c.Rows[1].Source = "" },
		`DS-PLC-002: the row's version constraint "new": improper constraint: "new"`: func(c *rows.Catalogue, _ *[]framework.Spec) {
			c.Rows[1].Versions = "new"
		},
		"DS-PLC-009: excused, and no row": func(c *rows.Catalogue, _ *[]framework.Spec) {
			c.Excused = append(c.Excused, rows.Excuse{ID: "DS-PLC-009", Because: "level", Reason: "r"})
		},
		`DS-PLC-003: excused because of "time", which is none of environment, level, not-observable`: func(c *rows.Catalogue, _ *[]framework.Spec) {
			c.Excused[0].Because = "time"
		},
		"DS-PLC-003: excused without a reason": func(c *rows.Catalogue, _ *[]framework.Spec) { c.Excused[0].Reason = "" },
		"DS-GDE-002: an addition, and no spec has the ID": func(c *rows.Catalogue, _ *[]framework.Spec) {
			c.Additions[0].IDs = append(c.Additions[0].IDs, "DS-GDE-002")
		},
		"DS-PLC-001: an addition, and a row as well": func(c *rows.Catalogue, _ *[]framework.Spec) {
			c.Additions[0].IDs = append(c.Additions[0].IDs, "DS-PLC-001")
		},
		"R01: no spec shows the bug, and no reason says why none can": func(c *rows.Catalogue, _ *[]framework.Spec) { c.Bugs[0].Specs = nil },
		"R01: the bug has specs, and a reason why none can show it":   func(c *rows.Catalogue, _ *[]framework.Spec) { c.Bugs[0].None = "none" },
		"R01 names the spec DS-PLC-002, which there is not":           func(c *rows.Catalogue, _ *[]framework.Spec) { c.Bugs[0].Specs = []string{"DS-PLC-002"} },
		"R02: the bug stands at place 1":                              func(c *rows.Catalogue, _ *[]framework.Spec) { c.Bugs[0].ID = "R02" },
		"R01: the bug lacks its sentence or its state":                func(c *rows.Catalogue, _ *[]framework.Spec) { c.Bugs[0].State = "" },
		"G01: no spec proves the claim's verdict":                     func(c *rows.Catalogue, _ *[]framework.Spec) { c.Claims[0].Specs = nil },
		`G01: the claim's verdict "maybe" is none of true, false, obsolete, depends`: func(c *rows.Catalogue, _ *[]framework.Spec) {
			c.Claims[0].Verdict = "maybe"
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			c, specs := whole()
			harm(c, &specs)
			err := c.Check(specs)
			if err == nil {
				t.Fatal("nothing was found")
			}
			if got := strings.Split(err.Error(), "\n"); !slices.Equal(got, []string{want}) {
				t.Errorf("it was said:\n%s", err)
			}
		})
	}
}

func TestCoveringNamesTheRowsOwnSpecFirst(t *testing.T) {
	t.Parallel()
	_, specs := whole()
	got := rows.Covering([]framework.Spec{specs[1], specs[0]})
	if want := []string{"DS-PLC-001", "DS-GDE-001"}; !slices.Equal(got["DS-PLC-001"], want) {
		t.Errorf("DS-PLC-001 is covered by %v, want %v", got["DS-PLC-001"], want)
	}
	if want := []string{"DS-PLC-001"}; !slices.Equal(got["DS-PLC-002"], want) {
		t.Errorf("DS-PLC-002 is covered by %v, want %v", got["DS-PLC-002"], want)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/internal/exit"
)

// catalogueOf runs `dsconform catalogue` with the arguments.
func catalogueOf(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := newCatalogueCommand()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestCatalogueRefusesWhatMeansNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		says string
	}{
		"an area":            {[]string{"--area=cots"}, `--area is "cots"; the nearest there is is "cost"`},
		"a level":            {[]string{"--level=core,cor"}, `--level is "cor"; the nearest there is is "core"`},
		"an ability":         {[]string{"--ability=read-audits"}, `--ability is "read-audits"; the nearest there is is "read-audit"`},
		"a version":          {[]string{"--version=newest"}, `--version is "newest"`},
		"a word to focus on": {[]string{"--focus=DS-PLC-01"}, `nearest is "DS-PLC-001"`},
		"an ID":              {[]string{"DS-PLC-01"}, `nearest is "DS-PLC-001"`},
		"two IDs":            {[]string{"DS-PLC-001", "DS-PLC-002"}, "one ID at most"},
		"an ID and a filter": {[]string{"DS-PLC-001", "--rows"}, "--rows filters the list"},
		"two forms":          {[]string{"--markdown", "--json"}, "leave one out"},
		"a part as Markdown": {[]string{"--markdown", "--area=cost"}, "leave --area out"},
	} {
		_, err := catalogueOf(t, tc.args...)
		var e *exit.Error
		if !errors.As(err, &e) || exit.Of(err) != exit.Usage {
			t.Errorf("%s: %v is no wrong usage", name, err)
			continue
		}
		if !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: it is said %q, want one line with %q", name, err, tc.says)
		}
	}
}

func TestCatalogueFilters(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args      []string
		has, lack string
	}{
		"by area":        {[]string{"--area=cost"}, "DS-CST-001", "DS-PLC-001"},
		"by level":       {[]string{"--level=deviation"}, "DS-CHG-005", "DS-CHG-004"},
		"by ability":     {[]string{"--ability=inject-faults"}, "DS-RES-009", "DS-RES-013"},
		"by old version": {[]string{"--version=1.30"}, "DS-RUM-006", "DS-RUM-007"},
		"by new version": {[]string{"--version=v1.37.2"}, "DS-RUM-007", "DS-EVT-002"},
		"rows":           {[]string{"--rows"}, "DS-EVT-002  podlife", "DS-GDE-001  workloads"},
		"rows of specs":  {[]string{"--rows", "--ability=stop-kubelet"}, "DS-POD-014  nodes", "DS-POD-001  podlife"},
		"excused":        {[]string{"--excused"}, "no spec (", "covered by"},
	} {
		out, err := catalogueOf(t, tc.args...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(out, tc.has) || strings.Contains(out, tc.lack) {
			t.Errorf("%s: %q is to be listed and %q is not:\n%s", name, tc.has, tc.lack, out)
		}
	}
}

// TestCatalogueOfOne asks for each kind of ID there is.
func TestCatalogueOfOne(t *testing.T) {
	t.Parallel()
	for id, wants := range map[string][]string{
		"DS-PLC-001": {"DS-PLC-001 (placement, core)", "  row ", "  source ", "  why ", "  clauses ", "covered by DS-PLC-001, "},
		"DS-EVT-002": {"  row ", "covered by DS-EVT-001", "spec DS-EVT-001", "  why "},
		"DS-GDE-001": {"spec DS-GDE-001", "  no row "},
		"DS-PRI-007": {"  row ", "  no spec    environment: "},
		"DS-CHG-006": {"  bug        R01 "},
	} {
		out, err := catalogueOf(t, id)
		if err != nil {
			t.Errorf("%s: %v", id, err)
		}
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is missing:\n%s", id, want, out)
			}
		}
		out, err = catalogueOf(t, id, "--json")
		var got rowJSON
		if err = errors.Join(err, json.Unmarshal([]byte(out), &got)); err != nil || got.ID != id {
			t.Errorf("%s as JSON: %v\n%s", id, err, out)
		}
		if (got.Excused == nil) != (len(got.Specs) > 0) {
			t.Errorf("%s as JSON has neither specs nor an excuse, or both:\n%s", id, out)
		}
	}
}

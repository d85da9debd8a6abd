package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/suites/rows"
)

// catalogueView is what is printed of the catalogue.
type catalogueView struct {
	catalogue *rows.Catalogue
	// all are the registered specs, and covering what they cover.
	all      []framework.Spec
	covering map[string][]string
	// specs and rows are those that the filters left.
	specs []framework.Spec
	rows  []rows.Row
}

// written gives the text out at once, so that nothing is printed in part.
func written(w io.Writer, b *strings.Builder) error {
	if _, err := io.WriteString(w, b.String()); err != nil {
		return exit.Environmentf("print the catalogue: %w", err)
	}
	return nil
}

func (v *catalogueView) specLines(w io.Writer) error {
	b := &strings.Builder{}
	for _, s := range v.specs {
		fmt.Fprintf(b, "%s  %-15s %-9s %s\n", s.ID, s.Area, s.Level, s.Title)
	}
	return written(w, b)
}

func (v *catalogueView) rowLines(w io.Writer) error {
	b := &strings.Builder{}
	for _, r := range v.rows {
		fmt.Fprintf(b, "%s  %-15s %-9s %s\n", r.ID, r.Area, r.Level, r.Behaviour)
		if x, ok := v.catalogue.Excuse(r.ID); ok {
			fmt.Fprintf(b, "            no spec (%s): %s\n", x.Because, x.Reason)
			continue
		}
		fmt.Fprintf(b, "            covered by %s\n", strings.Join(v.covering[r.ID], ", "))
	}
	return written(w, b)
}

// one prints what an ID stands for, and the specs that cover it.
func (f *catalogueFlags) one(w io.Writer, v *catalogueView, id string) error {
	row, isRow := v.catalogue.Row(id)
	by := v.specsOf(id)
	if !isRow && len(by) == 0 {
		known := slices.Collect(maps.Keys(v.covering))
		for _, r := range v.catalogue.Rows {
			known = append(known, r.ID)
		}
		slices.Sort(known)
		return exit.Usagef("no behaviour is called %q; the nearest is %q (see `dsconform catalogue --rows`)", id, framework.Nearest(id, known))
	}
	if f.json {
		return v.oneJSON(w, id)
	}
	b := &strings.Builder{}
	if isRow {
		v.row(b, row)
	}
	for _, s := range by {
		v.spec(b, s)
	}
	return written(w, b)
}

// specsOf gives the specs that judge the ID, its own first.
func (v *catalogueView) specsOf(id string) []framework.Spec {
	var out []framework.Spec
	for _, by := range v.covering[id] {
		out = append(out, v.all[slices.IndexFunc(v.all, func(s framework.Spec) bool { return s.ID == by })])
	}
	return out
}

func (v *catalogueView) row(b *strings.Builder, r rows.Row) {
	fmt.Fprintf(b, "%s (%s, %s)\n", r.ID, r.Area, r.Level)
	fmt.Fprintf(b, "  row        %s\n  source     %s\n", r.Behaviour, r.Source)
	if r.Versions != "" {
		fmt.Fprintf(b, "  versions   %s\n", r.Versions)
	}
	if x, ok := v.catalogue.Excuse(r.ID); ok {
		fmt.Fprintf(b, "  no spec    %s: %s\n", x.Because, x.Reason)
		return
	}
	fmt.Fprintf(b, "  covered by %s\n", strings.Join(v.covering[r.ID], ", "))
}

func (v *catalogueView) spec(b *strings.Builder, s framework.Spec) {
	fmt.Fprintf(b, "\nspec %s %s (%s, %s)\n", s.ID, s.Title, s.Area, s.Level)
	fmt.Fprintf(b, "  behaviour  %s\n", s.Behaviour)
	fmt.Fprintf(b, "  clauses    %s\n", strings.Join(s.Clauses, "; "))
	fmt.Fprintf(b, "  why        %s\n", s.Why)
	if why, ok := v.catalogue.Addition(s.ID); ok {
		fmt.Fprintf(b, "  no row     %s\n", why)
	}
	if len(s.Covers) > 0 {
		fmt.Fprintf(b, "  covers     %s\n", strings.Join(s.Covers, ", "))
	}
	if s.Versions != "" {
		fmt.Fprintf(b, "  versions   %s\n", s.Versions)
	}
	if needs := needsOf(s); needs != "" {
		fmt.Fprintf(b, "  needs      %s\n", needs)
	}
	for _, inv := range slices.Sorted(maps.Keys(s.Except)) {
		fmt.Fprintf(b, "  except     %s: %s\n", inv, s.Except[inv])
	}
	for _, bug := range v.catalogue.BugsOf(s.ID) {
		fmt.Fprintf(b, "  bug        %s %s\n", bug.ID, bugWords(bug))
	}
}

// bugWords gives the bug in one line.
func bugWords(b rows.Bug) string {
	var notes []string
	for _, note := range []string{b.Issue, b.Versions, b.State} {
		if note != "" {
			notes = append(notes, note)
		}
	}
	return b.Bug + " (" + strings.Join(notes, "; ") + ")"
}

func needsOf(s framework.Spec) string {
	needs := make([]string, 0, len(s.Needs))
	for _, n := range s.Needs {
		needs = append(needs, string(n))
	}
	return strings.Join(needs, ", ")
}

package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/suites"
	"github.com/dsconform/dsconform/suites/rows"
)

// catalogueFlags are the flags of `dsconform catalogue`.
type catalogueFlags struct {
	focus     []string
	areas     []string
	levels    []string
	abilities []string
	version   string
	smoke     bool
	rows      bool
	excused   bool
	markdown  bool
	json      bool
}

func newCatalogueCommand() *cobra.Command {
	f := &catalogueFlags{}
	cmd := &cobra.Command{
		Use:   "catalogue [ID]",
		Short: "List specs and the behaviours they cover, or print one whole with its clause and its reason",
		Long: "catalogue lists the specs, or with --rows the behaviours that they are to cover. Every filter narrows the list.\n\n" +
			"With an ID it prints that behaviour, and the specs that cover it whole: why the outcome is expected, and by which clause. " +
			"It fails where the specs and the catalogue of behaviours contradict each other.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return exit.Usagef("dsconform catalogue takes one ID at most, and was given %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.list(cmd, args) },
	}
	cmd.Flags().StringSliceVar(&f.focus, "focus", nil, "list only these specs, areas or levels")
	cmd.Flags().StringSliceVar(&f.areas, "area", nil, "list only these areas")
	cmd.Flags().StringSliceVar(&f.levels, "level", nil, "list only these levels")
	cmd.Flags().StringSliceVar(&f.abilities, "ability", nil, "list only specs that need one of these abilities of the cluster, and with --rows what they cover")
	cmd.Flags().StringVar(&f.version, "version", "", "list only what applies to this Kubernetes version, as v1.37.2")
	cmd.Flags().BoolVar(&f.smoke, "smoke", false, "list only the specs of the short run, and with --rows what they cover")
	cmd.Flags().BoolVar(&f.rows, "rows", false, "list the behaviours rather than the specs, each with the specs that cover it")
	cmd.Flags().BoolVar(&f.excused, "excused", false, "list only the behaviours without a spec, each with the reason")
	cmd.Flags().BoolVar(&f.markdown, "markdown", false, "print docs/catalogue.md")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

// list prints what the flags and the ID ask for.
func (f *catalogueFlags) list(cmd *cobra.Command, args []string) error {
	registry := suites.All()
	if err := registry.Validate(); err != nil {
		return exit.Internalf("the suite's own specs are wrong: %w", err)
	}
	catalogue, err := rows.Load()
	if err != nil {
		return exit.Internalf("%w", err)
	}
	if err = catalogue.Check(registry.Specs()); err != nil {
		return exit.Internalf("the specs and the catalogue of behaviours contradict each other:\n%w", err)
	}
	if err = f.check(cmd, args); err != nil {
		return err
	}
	v := &catalogueView{catalogue: catalogue, all: registry.Specs(), covering: rows.Covering(registry.Specs())}
	w := cmd.OutOrStdout()
	if len(args) == 1 {
		return f.one(w, v, args[0])
	}
	if v.specs, err = selectSpecs(registry, catalogue, framework.Selection{Focus: f.focus, Smoke: f.smoke}); err != nil {
		return err
	}
	v.specs = slices.DeleteFunc(v.specs, func(s framework.Spec) bool { return !f.keepsSpec(s) })
	switch {
	case f.markdown:
		return v.markdown(w)
	case f.rows || f.excused:
		v.rows = f.chosenRows(v)
		if f.json {
			return v.rowsJSON(w)
		}
		return v.rowLines(w)
	case f.json:
		return v.specsJSON(w)
	}
	return v.specLines(w)
}

// check refuses words that mean nothing, and flags that do not go together.
func (f *catalogueFlags) check(cmd *cobra.Command, args []string) error {
	if err := oneOf("--area", f.areas, framework.Areas()); err != nil {
		return err
	}
	if err := oneOf("--level", f.levels, framework.Levels()); err != nil {
		return err
	}
	if err := oneOf("--ability", f.abilities, framework.Abilities()); err != nil {
		return err
	}
	if f.version != "" {
		if _, err := framework.Applies("", f.version); err != nil {
			return exit.Usagef("--version is %q, which is no Kubernetes version: write it as v1.37.2", f.version)
		}
	}
	if f.markdown && f.json {
		return exit.Usagef("--markdown and --json ask for two forms: leave one out")
	}
	for _, name := range []string{"focus", "area", "level", "ability", "version", "smoke", "rows", "excused", "markdown"} {
		if len(args) == 1 && cmd.Flags().Changed(name) {
			return exit.Usagef("--%s filters the list, and %s asks for one behaviour: leave one out", name, args[0])
		}
	}
	for _, name := range []string{"focus", "area", "level", "ability", "version", "smoke", "rows", "excused"} {
		if f.markdown && cmd.Flags().Changed(name) {
			return exit.Usagef("--markdown prints the whole catalogue: leave --%s out", name)
		}
	}
	return nil
}

// oneOf refuses a word that is none of the known ones.
func oneOf[T ~string](flag string, words []string, known []T) error {
	names := make([]string, 0, len(known))
	for _, k := range known {
		names = append(names, string(k))
	}
	for _, word := range words {
		if !slices.Contains(names, word) {
			return exit.Usagef("%s is %q; the nearest there is is %q (of %s)", flag, word, framework.Nearest(word, names), strings.Join(names, ", "))
		}
	}
	return nil
}

func (f *catalogueFlags) keepsSpec(s framework.Spec) bool {
	needs := len(f.abilities) == 0 || slices.ContainsFunc(s.Needs, func(a framework.Ability) bool { return slices.Contains(f.abilities, string(a)) })
	return needs && f.keeps(s.Area, s.Level, s.Versions)
}

// keeps judges what specs and rows both have.
func (f *catalogueFlags) keeps(area framework.Area, level framework.Level, versions string) bool {
	if len(f.areas) > 0 && !slices.Contains(f.areas, string(area)) || len(f.levels) > 0 && !slices.Contains(f.levels, string(level)) {
		return false
	}
	if f.version == "" {
		return true
	}
	applies, err := framework.Applies(versions, f.version)
	return err == nil && applies // Both were checked before.
}

// chosenRows gives the rows that the filters leave: those of the row itself,
// and those of specs by the specs that cover it.
func (f *catalogueFlags) chosenRows(v *catalogueView) []rows.Row {
	bySpec := len(f.focus) > 0 || f.smoke || len(f.abilities) > 0
	of := rows.Covering(v.specs)
	var out []rows.Row
	for _, r := range v.catalogue.Rows {
		_, excused := v.catalogue.Excuse(r.ID)
		if f.keeps(r.Area, r.Level, r.Versions) && (!bySpec || len(of[r.ID]) > 0) && (!f.excused || excused) {
			out = append(out, r)
		}
	}
	return out
}

// selectSpecs is Select for words that somebody typed: an ID that no spec
// covers is told apart from one that does not exist.
func selectSpecs(registry *framework.Registry, catalogue *rows.Catalogue, sel framework.Selection) ([]framework.Spec, error) {
	for _, word := range slices.Concat(sel.Focus, sel.Skip) {
		if x, ok := catalogue.Excuse(word); ok {
			return nil, exit.Usagef("no spec covers %s (%s): %s", x.ID, x.Because, x.Reason)
		}
	}
	specs, err := registry.Select(sel)
	if err != nil {
		return nil, exit.Usagef("%w", err)
	}
	return specs, nil
}

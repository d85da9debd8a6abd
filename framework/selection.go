package framework

import (
	"fmt"
	"slices"

	"github.com/dsconform/dsconform/internal/nearest"
)

// Selection chooses specs. The zero value chooses all.
type Selection struct {
	// Focus are IDs, areas or levels to run; empty for all.
	Focus []string
	// Skip are IDs, areas or levels to leave out.
	Skip []string
	// Smoke chooses only the specs marked for the short run.
	Smoke bool
}

// Select gives the chosen specs in the registry's order. A word that names no
// spec, area or level is an error that says what is nearest to it.
func (r *Registry) Select(sel Selection) ([]Spec, error) {
	specs := r.Specs()
	var known []string
	for _, s := range specs {
		known = append(known, s.ID, string(s.Area), string(s.Level))
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, word := range slices.Concat(sel.Focus, sel.Skip) {
		if !slices.Contains(known, word) {
			return nil, fmt.Errorf("no spec, area or level is called %q; the nearest is %q (see `dsconform catalogue`)", word, Nearest(word, known))
		}
	}
	named := func(s Spec, words []string) bool {
		return slices.Contains(words, s.ID) || slices.Contains(words, string(s.Area)) || slices.Contains(words, string(s.Level))
	}
	var out []Spec
	for _, s := range specs {
		if (len(sel.Focus) == 0 || named(s, sel.Focus)) && !named(s, sel.Skip) && (!sel.Smoke || s.Smoke) {
			out = append(out, s)
		}
	}
	return out, nil
}

// Nearest gives the known word with the smallest edit distance to word.
func Nearest(word string, known []string) string { return nearest.Of(word, known) }

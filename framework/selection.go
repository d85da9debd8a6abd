package framework

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dsconform/dsconform/internal/nearest"
)

// Selection chooses specs. The zero value chooses all.
type Selection struct {
	// Focus are IDs, areas or levels to run; empty for all. An ID that is no
	// spec's own chooses the specs that cover it.
	Focus []string
	// Skip are IDs of specs, areas or levels to leave out.
	Skip []string
	// Smoke chooses only the specs marked for the short run.
	Smoke bool
}

// Select gives the chosen specs in the registry's order. A word that names no
// spec, area or level is an error that says what is nearest to it.
func (r *Registry) Select(sel Selection) ([]Spec, error) {
	specs := r.Specs()
	var known, covered []string
	for _, s := range specs {
		known = append(known, s.ID, string(s.Area), string(s.Level))
		covered = append(covered, s.Covers...)
	}
	for _, word := range sel.Focus {
		if !slices.Contains(known, word) && !slices.Contains(covered, word) {
			return nil, unknownWord(word, slices.Concat(known, covered))
		}
	}
	for _, word := range sel.Skip {
		if slices.Contains(known, word) {
			continue
		}
		if by := r.covering(word); len(by) > 0 {
			return nil, fmt.Errorf("%s is no spec of its own, but covered by %s: skip that", word, strings.Join(by, " and "))
		}
		return nil, unknownWord(word, known)
	}
	chosen := func(s Spec) bool {
		return len(sel.Focus) == 0 || s.named(sel.Focus) ||
			slices.ContainsFunc(s.Covers, func(id string) bool { return slices.Contains(sel.Focus, id) && !slices.Contains(known, id) })
	}
	var out []Spec
	for _, s := range specs {
		if chosen(s) && !s.named(sel.Skip) && (!sel.Smoke || s.Smoke) {
			out = append(out, s)
		}
	}
	return out, nil
}

func unknownWord(word string, known []string) error {
	slices.Sort(known)
	return fmt.Errorf("no spec, area or level is called %q; the nearest is %q (see `dsconform catalogue`)", word, Nearest(word, slices.Compact(known)))
}

// named tells whether one of the words is the spec's ID, area or level.
func (s Spec) named(words []string) bool {
	return slices.Contains(words, s.ID) || slices.Contains(words, string(s.Area)) || slices.Contains(words, string(s.Level))
}

// covering gives the IDs of the specs that cover the ID beside their own.
func (r *Registry) covering(id string) []string {
	var out []string
	for _, s := range r.Specs() {
		if slices.Contains(s.Covers, id) {
			out = append(out, s.ID)
		}
	}
	return out
}

// Nearest gives the known word with the smallest edit distance to word.
func Nearest(word string, known []string) string { return nearest.Of(word, known) }

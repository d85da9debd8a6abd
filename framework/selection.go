package framework

import (
	"fmt"
	"slices"
	"strings"
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
func Nearest(word string, known []string) string {
	best, least := "", -1
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); least < 0 || d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

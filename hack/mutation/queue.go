package main

import (
	"cmp"
	"math"
	"slices"

	"github.com/dsconform/dsconform/hack/mutation/result"
)

// longestFirst orders the places of mutants by the longest of their clauses' specs,
// as long as those took with the unmutated controller: what begins last is short,
// and the other jobs do not stand idle for it. Those of which no spec of a clause
// can be judged here go through the whole suite, and come first of all.
func longestFirst(places []int, r *result.Result) {
	longest := make(map[int]float64, len(places))
	for _, i := range places {
		own := without(specsOf(r.Mutants[i].Clauses, r.Specs), r.Baseline.Skipped)
		if len(own) == 0 {
			longest[i] = math.Inf(1)
		}
		for _, id := range own {
			longest[i] = max(longest[i], r.Baseline.Took[id])
		}
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(longest[b], longest[a]) })
}

package rows

import (
	"maps"
	"slices"

	"github.com/dsconform/dsconform/framework"
)

// Count is how many rows there are of some kind.
type Count struct {
	// Covered rows are judged by a spec.
	Covered int
	// All includes the excused ones.
	All int
}

// Coverage counts the rows, covered and all, by area and level.
func (c *Catalogue) Coverage(specs []framework.Spec) map[framework.Area]map[framework.Level]Count {
	covering := Covering(specs)
	out := map[framework.Area]map[framework.Level]Count{}
	for _, r := range c.Rows {
		if out[r.Area] == nil {
			out[r.Area] = map[framework.Level]Count{}
		}
		n := out[r.Area][r.Level]
		n.All++
		if len(covering[r.ID]) > 0 {
			n.Covered++
		}
		out[r.Area][r.Level] = n
	}
	return out
}

// Add gives the sum.
func (n Count) Add(m Count) Count { return Count{Covered: n.Covered + m.Covered, All: n.All + m.All} }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

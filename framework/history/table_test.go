package history

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A table behaves as a map with sorted keys, and a copy of it never changes.
func TestTableIsASortedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tab table[int]
		model := map[string]int{}
		type picture struct {
			tab   table[int]
			items []int
		}
		var kept []picture
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "name")
			kept = append(kept, picture{tab, slices.Clone(tab.items)})
			if rapid.Bool().Draw(t, "put") {
				v := rapid.Int().Draw(t, "value")
				tab, model[name] = tab.with(name, v), v
			} else {
				tab = tab.without(name)
				delete(model, name)
			}
			if tab.get(name) != model[name] {
				t.Fatalf("%s is %d, want %d", name, tab.get(name), model[name])
			}
			if names := slices.Sorted(maps.Keys(model)); !slices.Equal(tab.names, names) {
				t.Fatalf("names %v, want %v", tab.names, names)
			}
			for i, n := range tab.names {
				if tab.items[i] != model[n] {
					t.Fatalf("item %s is %d, want %d", n, tab.items[i], model[n])
				}
			}
		}
		for _, k := range kept {
			if !slices.Equal(k.tab.items, k.items) {
				t.Fatal("a copy changed afterwards")
			}
		}
	})
}

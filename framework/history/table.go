package history

import (
	"maps"
	"slices"
)

// table holds objects sorted by name. Its slices are never written to in place,
// so that a copy of a table is a picture of its own at no cost; and a list of a
// thousand pods is ready without sorting, on every entry of a log.
type table[T any] struct {
	names []string
	items []T
}

func (t table[T]) get(name string) T {
	if i, ok := slices.BinarySearch(t.names, name); ok {
		return t.items[i]
	}
	var none T
	return none
}

func (t table[T]) with(name string, o T) table[T] {
	i, ok := slices.BinarySearch(t.names, name)
	if ok {
		items := slices.Clone(t.items)
		items[i] = o
		return table[T]{t.names, items}
	}
	return table[T]{insert(t.names, i, name), insert(t.items, i, o)}
}

func (t table[T]) without(name string) table[T] {
	i, ok := slices.BinarySearch(t.names, name)
	if !ok {
		return t
	}
	return table[T]{remove(t.names, i), remove(t.items, i)}
}

func insert[T any](s []T, i int, o T) []T {
	out := make([]T, 0, len(s)+1)
	return append(append(append(out, s[:i]...), o), s[i:]...)
}

func remove[T any](s []T, i int) []T {
	return append(append(make([]T, 0, len(s)-1), s[:i]...), s[i+1:]...)
}

// byNamespace holds one table a namespace.
type byNamespace[T any] map[string]table[T]

func (b byNamespace[T]) get(namespace, name string) T { return b[namespace].get(name) }

func (b byNamespace[T]) put(namespace, name string, o T, gone bool) {
	if gone {
		b[namespace] = b[namespace].without(name)
		return
	}
	b[namespace] = b[namespace].with(name, o)
}

// list gives the objects of the namespace, or of all if it is "", by namespace
// and name. The slice is the caller's own.
func (b byNamespace[T]) list(namespace string) []T {
	if namespace != "" {
		return slices.Clone(b[namespace].items)
	}
	var out []T
	for _, ns := range slices.Sorted(maps.Keys(b)) {
		out = append(out, b[ns].items...)
	}
	return out
}

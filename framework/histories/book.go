package histories

import (
	"fmt"
	"slices"
)

// mostJoined is how many nodes that have joined a sequence may have at once.
const mostJoined = 2

// book keeps which nodes there are while a sequence is read edit by edit.
type book struct {
	// first are the numbers of the nodes of the start, joined those that came later.
	first, joined []int
	// used are the numbers of all nodes that ever joined.
	used []int
}

// open begins with so many nodes.
func (b *book) open(nodes int) {
	for i := range nodes {
		b.first = append(b.first, i+1)
	}
}

// there are the numbers of the nodes there are.
func (b *book) there() []int { return slices.Concat(b.first, b.joined) }

// take enters the edit, and says what of it cannot be.
func (b *book) take(e Edit) []string {
	switch {
	case !e.Do.onNode():
		if e.Node != 0 {
			return []string{fmt.Sprintf("node is %d, and %s is about none", e.Node, e.Do)}
		}
	case e.Do == Join:
		switch {
		case e.Node <= MostNodes || slices.Contains(b.used, e.Node):
			return []string{fmt.Sprintf("node %d cannot join: numbers from %d on, each once, are for those that do", e.Node, MostNodes+1)}
		case len(b.joined) == mostJoined:
			return []string{fmt.Sprintf("node %d cannot join: %d others have, and none of them left", e.Node, mostJoined)}
		}
		b.joined, b.used = append(b.joined, e.Node), append(b.used, e.Node)
	case e.Do == Leave:
		at := slices.Index(b.joined, e.Node)
		if at < 0 {
			return []string{fmt.Sprintf("node %d cannot leave: it has not joined", e.Node)}
		}
		b.joined = slices.Delete(b.joined, at, at+1)
	case !slices.Contains(b.there(), e.Node):
		return []string{fmt.Sprintf("there is no node %d", e.Node)}
	}
	return nil
}

// mended gives the sequence without the edits that can no longer be, because
// an edit before them, or a node, was taken away.
func (s Sequence) mended() Sequence {
	there := book{}
	there.open(s.Nodes)
	edits := make([]Edit, 0, len(s.Edits))
	for _, e := range s.Edits {
		if len(there.take(e)) == 0 {
			edits = append(edits, e)
		}
	}
	s.Edits = edits
	return s
}

package histories

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
)

// Smaller gives the sequences that are one step smaller than s and can be
// played, the greatest steps first. Every step makes the sequence smaller by
// weight, so that shrinking ends.
func Smaller(s Sequence) []Sequence {
	var out []Sequence
	own := s.weight()
	add := func(change func(*Sequence)) {
		c := s.clone()
		change(&c)
		c = c.mended()
		if c.Check() == nil && c.weight() < own && !slices.ContainsFunc(out, func(o Sequence) bool { return same(o, c) }) {
			out = append(out, c)
		}
	}
	for size := (len(s.Edits) + 1) / 2; size >= 1; size /= 2 {
		for from := 0; from < len(s.Edits); from += size {
			add(func(c *Sequence) { c.Edits = slices.Delete(c.Edits, from, min(from+size, len(c.Edits))) })
		}
	}
	for nodes := 1; nodes < s.Nodes; nodes++ {
		add(func(c *Sequence) { c.Nodes = nodes })
		add(func(c *Sequence) { c.crowd(nodes) })
	}
	add(func(c *Sequence) {
		for i := range c.Edits {
			c.Edits[i].Then = Settled
		}
	})
	add(func(c *Sequence) { c.Start = Start{Strategy: plainStrategy()} })
	for i := range s.Edits {
		for _, change := range s.Edits[i].simpler() {
			add(func(c *Sequence) { change(&c.Edits[i]) })
		}
	}
	add(func(c *Sequence) { c.Start.Template = Template{} })
	add(func(c *Sequence) { c.Start.Strategy = plainStrategy() })
	add(func(c *Sequence) { c.Start.MinReadySeconds = 0 })
	return out
}

// crowd leaves so many of the first nodes, and does to them what was to be done to others.
func (s *Sequence) crowd(nodes int) {
	s.Nodes = nodes
	for i := range s.Edits {
		if e := &s.Edits[i]; e.Node > nodes && e.Node <= MostNodes {
			e.Node = (e.Node-1)%nodes + 1
		}
	}
}

// plainStrategy is the one that a DaemonSet has by default.
func plainStrategy() Strategy { return Strategy{MaxUnavailable: "1", MaxSurge: "0"} }

// simpler gives the changes that may make the edit simpler.
func (e Edit) simpler() []func(*Edit) {
	var out []func(*Edit)
	if e.Template != nil {
		out = append(out,
			func(e *Edit) { *e.Template = Template{Version: e.Template.Version} },
			func(e *Edit) { e.Template.Stuck = false },
			func(e *Edit) { e.Template.Tolerates = false },
			func(e *Edit) { e.Template.Tier = "" },
			func(e *Edit) { e.Template.Label = "" },
			func(e *Edit) { e.Template.Version = min(e.Template.Version, 1) },
		)
	}
	return append(out,
		func(e *Edit) {
			if e.Strategy != nil {
				*e.Strategy = plainStrategy()
			}
		},
		func(e *Edit) {
			if e.MinReadySeconds != nil {
				*e.MinReadySeconds = 0
			}
		},
		func(e *Edit) {
			if e.Do.onNode() && e.Do != Join && e.Do != Leave {
				e.Node = 1
			}
		},
		func(e *Edit) {
			if e.Do == Join {
				e.Tier = ""
			}
		},
		func(e *Edit) { e.Back = min(e.Back, 1) },
		func(e *Edit) { e.Force = false },
		func(e *Edit) { e.Then = Settled },
		func(e *Edit) { e.Then = Observed },
	)
}

// weight orders sequences by how much there is to read and to understand: edits
// first, then nodes, then what is special of each.
func (s Sequence) weight() int {
	const node, edit = 100, 1000
	w := s.Nodes*node + s.Start.Template.weight() + s.Start.Strategy.weight() + int(s.Start.MinReadySeconds)
	for _, e := range s.Edits {
		w += edit + len(Thens()) - 1 - slices.Index(Thens(), e.Then) + max(e.Back-1, 0)
		if e.Template != nil {
			w += e.Template.weight()
		}
		if e.Strategy != nil {
			w += e.Strategy.weight()
		}
		if e.MinReadySeconds != nil {
			w += int(*e.MinReadySeconds)
		}
		if e.Force || e.Do == Join && e.Tier != "" {
			w++
		}
		if e.Do.onNode() {
			w += e.Node
		}
	}
	return w
}

func (t Template) weight() int {
	w := t.Version
	for _, special := range []bool{t.Label != "", t.Tier != "", t.Tolerates, t.Stuck} {
		if special {
			w += 5
		}
	}
	return w
}

func (s Strategy) weight() int {
	if s == plainStrategy() {
		return 0
	}
	return 5
}

// clone gives a copy that shares nothing with s.
func (s Sequence) clone() Sequence {
	s.Edits = slices.Clone(s.Edits)
	for i := range s.Edits {
		e := &s.Edits[i]
		if e.Template != nil {
			e.Template = new(*e.Template)
		}
		if e.Strategy != nil {
			e.Strategy = new(*e.Strategy)
		}
		if e.MinReadySeconds != nil {
			e.MinReadySeconds = new(*e.MinReadySeconds)
		}
	}
	return s
}

func same(a, b Sequence) bool { return equality.Semantic.DeepEqual(a, b) }

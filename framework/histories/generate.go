package histories

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// Draw gives the sequence of that number, from 1 on, of a seed: always the same one.
func Draw(seed int64, number int) Sequence {
	// Mixed, so that neither two numbers of a seed nor two seeds draw alike. The
	// factors are odd, so that no bit of either is lost.
	mixed := uint64(seed)*0x9E3779B97F4A7C15 + uint64(number)*0xD1B54A32D192ED03
	s := Sequences().Example(int(mixed)) //nolint:gosec // The bits are what counts, not the number.
	s.Name = fmt.Sprintf("seed %d, number %d", seed, number)
	return s
}

// Sequences draws sequences that can be played. Their last state is one that can
// be reached: a stuck template may be on the way, and is mended at the end.
func Sequences() *rapid.Generator[Sequence] {
	return rapid.Custom(func(t *rapid.T) Sequence {
		s := Sequence{
			Nodes: uniform(t, "nodes", []int{2, 3, 4, 4}),
			Start: Start{
				Template:        Template{Version: 1, Tier: uniform(t, "tier", []string{"", "", "a"})},
				Strategy:        strategies().Draw(t, "strategy"),
				MinReadySeconds: minReady().Draw(t, "minReadySeconds"),
			},
		}
		there := book{}
		there.open(s.Nodes)
		next := MostNodes + 1
		for range uniform(t, "edits", []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 12}) {
			e := edit(t, &there, &next)
			there.take(e)
			s.Edits = append(s.Edits, e)
		}
		return s
	})
}

// edit draws an edit that can follow. Joins and departures are rarer than the
// rest: the pod of a node that has left is collected only a minute later.
func edit(t *rapid.T, there *book, next *int) Edit {
	choices := slices.Concat(
		repeat(SetTemplate, 6), repeat(SetStrategy, 3), repeat(SetMinReady, 1), repeat(Undo, 3),
		repeat(DeletePod, 5), repeat(FailPod, 3), repeat(LabelNode, 4),
		repeat(TaintNode, 3), repeat(UntaintNode, 2), repeat(Cordon, 1), repeat(Uncordon, 1),
	)
	if len(there.joined) < mostJoined {
		choices = append(choices, Join)
	}
	if len(there.joined) > 0 {
		choices = append(choices, Leave, Leave)
	}
	e := Edit{Do: uniform(t, "do", choices), Then: uniform(t, "then", []Then{AtOnce, AtOnce, AtOnce, Moved, Moved, Observed, Settled})}
	if e.Do.onNode() {
		e.Node = uniform(t, "node", there.there())
	}
	switch e.Do {
	case SetTemplate:
		e.Template = new(templates().Draw(t, "template"))
	case SetStrategy:
		e.Strategy = new(strategies().Draw(t, "strategy"))
	case SetMinReady:
		e.MinReadySeconds = new(minReady().Draw(t, "minReadySeconds"))
	case Undo:
		e.Back = uniform(t, "back", []int{1, 1, 2, 3})
	case DeletePod:
		e.Force = uniform(t, "force", []bool{false, false, true})
	case LabelNode:
		e.Tier = uniform(t, "tier", tiers())
	case TaintNode:
		e.Effect = uniform(t, "effect", effects())
	case Join:
		e.Node, e.Tier = *next, uniform(t, "tier", tiers())
		*next++
	case Leave:
		e.Node = uniform(t, "node", there.joined)
	case FailPod, UntaintNode, Cordon, Uncordon:
	}
	return e
}

// uniform draws one of the values, each as likely as the others: rapid's own
// draws favour the first and the last, which is for shrinking, and this is not
// shrunk by rapid. Its draws of a bit are even.
func uniform[T any](t *rapid.T, label string, values []T) T {
	const bits = 16
	n := 0
	for range bits {
		n <<= 1
		if rapid.Bool().Draw(t, label) {
			n++
		}
	}
	return values[n%len(values)]
}

func repeat(d Do, times int) []Do { return slices.Repeat([]Do{d}, times) }

// templates draws few enough different ones that histories return to them.
func templates() *rapid.Generator[Template] {
	return rapid.Custom(func(t *rapid.T) Template {
		return Template{
			Version:   1 + uniform(t, "version", []int{0, 1, 2}),
			Label:     uniform(t, "label", []string{"", "", "", "a", "b"}),
			Tier:      uniform(t, "tier", []string{"", "", "", "", "a", "b"}),
			Tolerates: uniform(t, "tolerates", []bool{false, false, true}),
			Stuck:     uniform(t, "stuck", []int{0, 1, 2, 3, 4, 5, 6, 7}) == 0,
		}
	})
}

func strategies() *rapid.Generator[Strategy] {
	return rapid.Custom(func(t *rapid.T) Strategy {
		return uniform(t, "strategy", []Strategy{
			{MaxUnavailable: "1", MaxSurge: "0"}, {MaxUnavailable: "1", MaxSurge: "0"}, {MaxUnavailable: "2", MaxSurge: "0"},
			{MaxUnavailable: "50%", MaxSurge: "0"}, {MaxUnavailable: "100%", MaxSurge: "0"},
			{MaxUnavailable: "0", MaxSurge: "1"}, {MaxUnavailable: "0", MaxSurge: "2"}, {MaxUnavailable: "0", MaxSurge: "34%"},
			{OnDelete: true}, {OnDelete: true},
		})
	})
}

func minReady() *rapid.Generator[int32] {
	return rapid.Custom(func(t *rapid.T) int32 { return uniform(t, "seconds", []int32{0, 0, 0, 1, 2, 3}) })
}

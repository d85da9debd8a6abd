package histories

import "context"

// Trial tells whether a sequence still fails as the one that is shrunk did. It
// must end soon when its context does, and then counts for nothing.
type Trial func(context.Context, Sequence) bool

// Search shrinks a sequence that fails: of the sequences one step smaller it
// tries, so many at once, the first that fails too is gone on with, until none
// of them fails or ctx ends. What it gives is the smallest that was seen to
// fail, and how many were tried. minimal tells that no smaller one is left to try.
func Search(ctx context.Context, s Sequence, atOnce int, fails Trial) (smallest Sequence, tried int, minimal bool) {
	for ctx.Err() == nil {
		candidates := Smaller(s)
		found, n := first(ctx, candidates, atOnce, fails)
		tried += n
		if found < 0 {
			return s, tried, ctx.Err() == nil
		}
		s = candidates[found]
	}
	return s, tried, false
}

// first gives the index of the first candidate that fails, -1 if none does. It
// stops trying once one is found and those before it are settled.
func first(ctx context.Context, candidates []Sequence, atOnce int, fails Trial) (found, tried int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		index int
		fails bool
	}
	results := make(chan result)
	next, running, best := 0, 0, len(candidates)
	open := map[int]context.CancelFunc{}
	for {
		for running < max(atOnce, 1) && next < best && ctx.Err() == nil {
			one, stop := context.WithCancel(ctx)
			open[next] = stop
			index, c := next, candidates[next]
			go func() { results <- result{index, fails(one, c) && one.Err() == nil} }()
			next, running, tried = next+1, running+1, tried+1
		}
		if running == 0 {
			break
		}
		r := <-results
		running--
		open[r.index]()
		if r.fails && r.index < best {
			best = r.index
			// Those after it are of no interest any more.
			for index, stop := range open {
				if index > best {
					stop()
				}
			}
		}
	}
	if best == len(candidates) {
		return -1, tried
	}
	return best, tried
}

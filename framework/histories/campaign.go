package histories

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// errStopped is the cause of a run that ends before all was played.
var errStopped = errors.New("a sequence has failed")

// Campaign is a run of many sequences.
type Campaign struct {
	// Stage plays one sequence.
	Stage Player
	// Sequences are what is to be played, in this order.
	Sequences []Sequence
	// Lanes is how many are played at once.
	Lanes int
	// Shrink bounds the time for the search for a minimal sequence; zero for none.
	Shrink time.Duration
	// Progress is told of every sequence that ends; it may be called from several
	// goroutines at once.
	Progress func(Progress)
}

// Player plays sequences, several at once.
type Player interface {
	// Play plays one; id is unique among all that are ever played.
	Play(ctx context.Context, id string, s Sequence) Outcome
	// Brief gives a player that waits less long, for sequences that are only tried.
	Brief() Player
}

// Progress is what a reader of a campaign is told.
type Progress struct {
	// ID is the sequence's, and of a sequence that is only tried the ID of the one
	// that is shrunk.
	ID string
	// Outcome is what became of it.
	Outcome Outcome
	// Done of All have been played.
	Done, All int
	// Tried says that it was played in search for a smaller one.
	Tried bool
}

// Result is what became of a campaign.
type Result struct {
	// Outcomes are those of all sequences that were begun, in their order.
	Outcomes []Outcome
	// Failed is the first sequence that failed, nil if none did.
	Failed *Outcome
	// Minimal is the smallest sequence found that fails alike, played once more
	// with all its time; nil if nothing failed or none was looked for.
	Minimal *Outcome
	// Tried is how many sequences were played to find it, and Least tells that no
	// smaller one is left to try.
	Tried int
	Least bool
}

// Run plays the sequences until one fails, and shrinks that one.
func (c Campaign) Run(ctx context.Context) Result {
	var out Result
	out.Outcomes = c.playAll(ctx)
	for i := range out.Outcomes {
		if out.Outcomes[i].Verdict == Failed {
			out.Failed = &out.Outcomes[i]
			break
		}
	}
	if out.Failed != nil && c.Shrink > 0 {
		c.shrink(ctx, &out)
	}
	return out
}

// ID is the name of the sequence of that number, from 1 on.
func ID(number int) string { return fmt.Sprintf("history-%03d", number) }

// playAll plays until all are done, one has failed, or ctx ends.
func (c Campaign) playAll(ctx context.Context) []Outcome {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	outcomes := make([]*Outcome, len(c.Sequences))
	var mu sync.Mutex
	done := 0
	var lanes errgroup.Group
	lanes.SetLimit(max(c.Lanes, 1))
	for i, sequence := range c.Sequences {
		lanes.Go(func() error {
			select {
			case <-ctx.Done():
				return nil
			default:
			}
			o := c.Stage.Play(ctx, ID(i+1), sequence)
			if o.Verdict == Failed {
				stop(errStopped)
			}
			mu.Lock()
			outcomes[i] = &o
			done++
			n := done
			mu.Unlock()
			c.Progress(Progress{ID: ID(i + 1), Outcome: o, Done: n, All: len(c.Sequences)})
			return nil
		})
	}
	_ = lanes.Wait() // what became of a sequence is its outcome, and no error
	var out []Outcome
	for _, o := range outcomes {
		if o != nil {
			out = append(out, *o)
		}
	}
	return out
}

// shrink looks for a smaller sequence that breaks the same, and plays it once more.
func (c Campaign) shrink(ctx context.Context, r *Result) {
	limit, cancel := context.WithTimeout(ctx, c.Shrink)
	defer cancel()
	broken := r.Failed.Broken()
	brief := c.Stage.Brief()
	var mu sync.Mutex
	tried := 0
	smallest, n, least := Search(limit, r.Failed.Sequence, c.Lanes, func(ctx context.Context, s Sequence) bool {
		mu.Lock()
		tried++
		id := fmt.Sprintf("smaller-%03d", tried)
		mu.Unlock()
		o := brief.Play(ctx, id, s)
		c.Progress(Progress{ID: id, Outcome: o, Tried: true})
		return o.Verdict == Failed && o.Broken() == broken
	})
	r.Tried, r.Least = n, least
	smallest.Name = "the minimum of " + r.Failed.Sequence.Name
	o := c.Stage.Play(ctx, "minimal", smallest)
	r.Minimal = &o
}

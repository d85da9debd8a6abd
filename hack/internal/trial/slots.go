package trial

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Slots does the n pieces of work, jobs of them at once, each in a slot from 0 up
// that no other has meanwhile. The first error ends the context of the others;
// what has not begun by then, or when ctx ends, is left out.
func Slots(ctx context.Context, jobs, n int, do func(ctx context.Context, slot, piece int) error) error {
	slots := make(chan int, jobs)
	for slot := range jobs {
		slots <- slot
	}
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(jobs)
	for piece := range n {
		group.Go(func() error {
			if working.Err() != nil {
				return nil
			}
			slot := <-slots
			defer func() { slots <- slot }()
			return do(working, slot, piece)
		})
	}
	return group.Wait()
}

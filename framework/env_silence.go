package framework

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dsconform/dsconform/framework/history"
)

// silentError is why a wait ends early: nobody is at work.
type silentError struct{ within time.Duration }

// Error implements error.
func (e *silentError) Error() string {
	return fmt.Sprintf("the controller has touched no DaemonSet of the namespace within %s", e.within)
}

// giveUpOnSilence gives a context that also ends, with a *silentError, when the
// namespace has had a DaemonSet for as long as Timeouts.Reaction and a
// controller has touched none of its DaemonSets, ever. The function returned
// ends the watch over it, and returns when it has ended.
//
// One that was touched is enough: what the controller does with the others is
// for the spec's own deadlines to judge.
func (e *Env) giveUpOnSilence(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if e.History.Await(ctx, anyDaemonSet) != nil {
			return
		}
		limit, stop := context.WithTimeoutCause(ctx, e.Timeouts.Reaction, &silentError{e.Timeouts.Reaction})
		defer stop()
		err := e.History.Await(limit, anyTouched)
		if silence := (*silentError)(nil); errors.As(err, &silence) {
			cancel(silence)
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}

func anyDaemonSet(s *history.State) error {
	if len(s.DaemonSets()) == 0 {
		return errors.New("the namespace has no DaemonSet")
	}
	return nil
}

// anyTouched tells whether a DaemonSet of the namespace has a status, a pod, a
// revision or an event, which is what controllers write.
func anyTouched(s *history.State) error {
	if len(s.DaemonSets()) == 0 {
		return nil // Whatever is waited for now, it is not the controller's first write.
	}
	for _, ds := range s.DaemonSets() {
		if ds.Status.ObservedGeneration > 0 || len(s.PodsOf(ds)) > 0 || len(s.RevisionsOf(ds)) > 0 || len(s.EventsFor("DaemonSet", ds.Name)) > 0 {
			return nil
		}
	}
	return errors.New("no DaemonSet of the namespace was touched")
}

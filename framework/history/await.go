package history

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// AwaitError is what Await gives when the condition did not become true.
type AwaitError struct {
	// Last is what the condition said last; nil if it was never judged.
	Last error
	// Cause is why the wait ended.
	Cause error
}

// Error implements error.
func (e *AwaitError) Error() string { return fmt.Sprintf("%v (%v)", e.Last, e.Cause) }

// Unwrap gives both the last reason and the cause.
func (e *AwaitError) Unwrap() []error { return []error{e.Last, e.Cause} }

// RetryError is what a condition returns that may become true by time passing
// alone, with no change recorded. Make one with RetryAt.
type RetryError struct {
	// At is when to judge again.
	At time.Time
	// Err is what stands against the condition until then.
	Err error
}

// Error implements error.
func (e *RetryError) Error() string { return e.Err.Error() }

// Unwrap gives the error within.
func (e *RetryError) Unwrap() error { return e.Err }

// RetryAt says that a condition does not hold because of err, and is worth
// judging again at t even if nothing changes.
func RetryAt(t time.Time, err error) error { return &RetryError{At: t, Err: err} }

// Await waits until cond returns nil. cond is judged at once and then after
// every entry of the log, in the caller's goroutine; it must not keep the state.
// A condition that returns RetryAt is judged again at that time too. When ctx
// ends or the recorder is stopped first, Await gives an *AwaitError.
func (r *Recorder) Await(ctx context.Context, cond func(*State) error) error {
	c := r.here()
	c.state.SetNow(time.Now().UTC())
	last := cond(c.state)
	for last != nil {
		_, changed, err := c.next()
		if err != nil {
			return &AwaitError{Last: last, Cause: err}
		}
		if changed == nil {
			last = cond(c.state)
			continue
		}
		again, stop := timerAt(last)
		select {
		case <-changed:
		case <-again:
			c.state.SetNow(time.Now().UTC())
			last = cond(c.state)
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		stop()
		if err != nil {
			return &AwaitError{Last: last, Cause: err}
		}
	}
	return nil
}

// retryFloor keeps a condition that asks for the past from spinning.
const retryFloor = time.Millisecond

// timerAt gives a channel that fires when the error asks to be judged again.
func timerAt(err error) (<-chan time.Time, func()) {
	var retry *RetryError
	if !errors.As(err, &retry) {
		return nil, func() {}
	}
	t := time.NewTimer(max(time.Until(retry.At), retryFloor))
	return t.C, func() { t.Stop() }
}

// DisturbedError is what Quiet gives when its condition broke.
type DisturbedError struct {
	// Entry is the entry after which the condition no longer held; its zero
	// value says that it did not hold to begin with.
	Entry Entry
	// Err is what the condition said.
	Err error
}

// Error implements error.
func (e *DisturbedError) Error() string {
	if e.Entry.Seq == 0 {
		return fmt.Sprintf("from the start: %v", e.Err)
	}
	return fmt.Sprintf("%v, since entry %v", e.Err, e.Entry)
}

// Unwrap gives the error within.
func (e *DisturbedError) Unwrap() error { return e.Err }

// GapError is what Quiet gives when the log lost changes meanwhile: neither
// "it held" nor "it broke" can be said.
type GapError struct {
	// Entry is the Gap entry.
	Entry Entry
}

// Error implements error.
func (e *GapError) Error() string { return "cannot tell: " + e.Entry.Text }

// Quiet returns nil once window has passed since the last relevant entry, or
// since the call if there was none, with whileTrue nil at the start and after
// every entry. It gives a *DisturbedError at once when whileTrue breaks, a
// *GapError when changes were lost, and an *AwaitError when ctx ends first
// because relevant entries kept coming.
//
// Time in which a watch was interrupted does not count towards the window:
// silence proves nothing then.
func (r *Recorder) Quiet(ctx context.Context, window time.Duration, relevant func(Entry) bool, whileTrue func(*State) error) error {
	c := r.here()
	c.state.SetNow(time.Now().UTC())
	if err := whileTrue(c.state); err != nil {
		return &DisturbedError{Err: err}
	}
	since, blind := time.Now(), false
	last := fmt.Errorf("not quiet for %s yet", window)
	for {
		e, changed, err := c.next()
		if err != nil {
			return &AwaitError{Last: last, Cause: err}
		}
		if changed == nil {
			if e.Change == Gap {
				return &GapError{Entry: e}
			}
			if broken := whileTrue(c.state); broken != nil {
				return &DisturbedError{Entry: e, Err: broken}
			}
			if relevant(e) {
				since = e.Time
				last = fmt.Errorf("not quiet for %s: the last change was %v", window, e)
			}
			continue
		}
		wasBlind := blind
		if blind = !c.sighted(); blind || wasBlind {
			since = time.Now()
		}
		t := time.NewTimer(time.Until(since.Add(window)))
		select {
		case <-changed:
		case <-t.C:
			if c.sighted() {
				return r.stillTrue(c.state, whileTrue)
			}
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		t.Stop()
		if err != nil {
			return &AwaitError{Last: last, Cause: err}
		}
	}
}

// stillTrue judges once more at the end of a window, for conditions that depend on the time.
func (r *Recorder) stillTrue(s *State, whileTrue func(*State) error) error {
	s.SetNow(time.Now().UTC())
	if err := whileTrue(s); err != nil {
		return &DisturbedError{Err: fmt.Errorf("at the end of the window: %w", err)}
	}
	return nil
}

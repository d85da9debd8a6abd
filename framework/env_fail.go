package framework

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dsconform/dsconform/framework/diagnose"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/internal/load"
)

// Fail ends the spec with the explanation.
func (e *Env) Fail(f Failure) {
	if f.Class == "" {
		f.Class = NonConformant
	}
	if f.Class != NonConformant {
		// Whatever stopped the spec, what the log proves stands.
		if proven := e.proven(); proven != nil && proven.Class == NonConformant {
			proven.Evidence = append(proven.Evidence, fmt.Sprintf("seen because the spec ended: %s", f.Seen))
			f = *proven
		}
	}
	if e.Dir != "" {
		f.Bundle = e.bundlePath()
	}
	e.reporter.Entry(EntryFailure, f)
	e.reporter.Fail(f.Text(e.Spec))
}

// Check ends the spec as failed if err, the answer of a pure predicate, is not
// nil. expected is the sentence that should have held.
func (e *Env) Check(err error, expected string, args ...any) {
	if err == nil {
		return
	}
	e.failWithCause(fmt.Sprintf(expected, args...), err.Error())
}

// CheckTime is Check for what is judged by the clock: on an overloaded machine it
// ends the spec as unknown, for nothing follows there from what came late.
func (e *Env) CheckTime(err error, expected string, args ...any) {
	if err == nil {
		return
	}
	in := diagnose.Input{Expectation: fmt.Sprintf(expected, args...), Since: e.started}
	e.Fail(e.excused(e.explained(err.Error(), in), load.Load.Overloaded))
}

// Holds judges that cond holds now, and ends the spec as failed if it does not.
// The log follows each kind of object by a watch of its own, and one may trail
// another: before it is held against the controller, cond is judged on a log that
// has caught up with the API server.
func (e *Env) Holds(ctx context.Context, cond func(*history.State) error, expected string, args ...any) {
	if cond(e.History.State()) == nil {
		return
	}
	e.CatchUp(ctx, "to judge that "+expected, args...)
	e.Check(cond(e.History.State()), expected, args...)
}

// CatchUp returns once the log has reached what the API server holds now, in every
// kind of object. whatFor tells the reader of the failure, should it not come.
func (e *Env) CatchUp(ctx context.Context, whatFor string, args ...any) {
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.Request)
	defer cancel()
	e.Must(e.History.CatchUp(limit), "let the event log catch up with the API server, "+whatFor, args...)
}

// That ends the spec as failed unless ok. seen says what was there instead.
func (e *Env) That(ok bool, expected, seen string, args ...any) {
	if ok {
		return
	}
	e.failWithCause(expected, fmt.Sprintf(seen, args...))
}

// Must ends the spec as unknown if err is not nil: something that is not being
// judged did not work. attempt says what was tried on which object.
func (e *Env) Must(err error, attempt string, args ...any) {
	if err == nil {
		return
	}
	e.Fail(Failure{
		Class:    EnvironmentFault,
		Expected: fmt.Sprintf(attempt, args...),
		Seen:     err.Error(),
		Cause:    "this step is not what the spec judges; the cluster or the machine refused it",
	})
}

// Becomes waits until cond holds and ends the spec as failed, with the likely
// cause, if it does not within the deadline. cond is judged on every recorded
// event; it returns what still stands against it. expected says it in words.
func (e *Env) Becomes(ctx context.Context, within time.Duration, expected string, cond func(*history.State) error) {
	e.BecomesFor(ctx, "", within, expected, cond)
}

// BecomesFor is Becomes about one DaemonSet, whose state the cause is looked for in.
func (e *Env) BecomesFor(ctx context.Context, daemonSet string, within time.Duration, expected string, cond func(*history.State) error) {
	since := time.Now()
	var silence *silentError
	granted, err := e.granted(ctx, within, func(limit context.Context) (bool, error) {
		limit, listen := e.giveUpOnSilence(limit)
		defer listen()
		err := e.History.Await(limit, cond)
		silence = nil
		errors.As(context.Cause(limit), &silence)
		return limit.Err() != nil, err
	})
	if err == nil {
		return
	}
	if ctx.Err() != nil {
		e.stopped(ctx, expected, err)
	}
	expected = fmt.Sprintf("%s, within %s", expected, granted)
	if silence != nil {
		expected += fmt.Sprintf(" (and the controller's first write within %s)", silence.within)
	}
	e.failAsLate(expected, reason(err), daemonSet, since)
}

// Stays judges that cond holds at every event until the stability window has
// passed since the last relevant event. A nil relevant counts every event of
// the spec's namespace.
func (e *Env) Stays(ctx context.Context, expected string, relevant func(history.Entry) bool, cond func(*history.State) error) {
	e.StaysFor(ctx, e.Timeouts.Quiet, expected, relevant, cond)
}

// StaysFor is Stays with a window of its own.
func (e *Env) StaysFor(ctx context.Context, window time.Duration, expected string, relevant func(history.Entry) bool, cond func(*history.State) error) {
	since := time.Now()
	if relevant == nil {
		relevant = e.ofNamespace
	}
	if cond(e.History.State()) != nil {
		// The watch of one kind may trail another's: a status tells that a pod is gone
		// before the pod's own end is told.
		e.CatchUp(ctx, "to judge that "+expected)
	}
	limit, cancel := context.WithTimeout(ctx, window+e.Timeouts.Rollout)
	defer cancel()
	err := e.History.Quiet(limit, window, relevant, cond)
	if err == nil {
		return
	}
	if ctx.Err() != nil {
		e.stopped(ctx, expected, err)
	}
	e.failWithInput(reason(err), diagnose.Input{
		Expectation: fmt.Sprintf("%s, at every instant until nothing has changed for %s", expected, window), Since: since, Safety: true,
	})
}

// ofNamespace tells whether the entry is of the spec's namespace, events left out.
func (e *Env) ofNamespace(en history.Entry) bool {
	return en.Namespace == e.Namespace && en.Kind != history.KindEvent
}

// stopped ends the spec because its context ended, not because a deadline passed.
func (e *Env) stopped(ctx context.Context, expected string, err error) {
	e.Fail(Failure{
		Class:    EnvironmentFault,
		Expected: expected,
		Seen:     fmt.Sprintf("the spec was stopped (%v) while waiting: %s", context.Cause(ctx), reason(err)),
		Cause:    "the run was interrupted, or the spec's own limit ran out before its deadlines did",
	})
}

func (e *Env) failWithCause(expected, seen string) {
	e.failWithInput(seen, diagnose.Input{Expectation: expected, Since: e.started})
}

// failAsLate ends the spec because what was waited for since then has not come.
func (e *Env) failAsLate(expected, seen, daemonSet string, since time.Time) {
	e.Fail(e.excused(e.explained(seen, diagnose.Input{Expectation: expected, DaemonSet: daemonSet, Since: since}), load.Load.Swamped))
}

// failWithInput ends the spec with the likely cause of what was seen.
func (e *Env) failWithInput(seen string, in diagnose.Input) { e.Fail(e.explained(seen, in)) }

// explained is the failure by what was seen, with its likely cause.
func (e *Env) explained(seen string, in diagnose.Input) Failure {
	f := Failure{Class: NonConformant, Expected: in.Expectation, Seen: seen}
	if e.History != nil {
		in.Seen = seen
		in.State, in.Entries, in.Namespace = e.History.State(), e.History.Entries(), e.Namespace
		in.Refusing = e.Spec.Refuses
		d := diagnose.Cause(in)
		f.Cause, f.Evidence, f.Look = d.Cause, d.Evidence, d.Look
		switch d.Class {
		case diagnose.Environment:
			f.Class = EnvironmentFault
		case diagnose.Suite:
			f.Class = SuiteFault
		case diagnose.Unclear:
			f.Unexplained = true // Which excuses nothing.
		case diagnose.NonConformant:
		}
	}
	return f
}

// reason unpacks what stood against a wait.
func reason(err error) string {
	var await *history.AwaitError
	if errors.As(err, &await) && await.Last != nil {
		return await.Last.Error()
	}
	return err.Error()
}

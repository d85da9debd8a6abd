package framework

import (
	"context"
	"fmt"
	"time"

	"github.com/dsconform/dsconform/internal/load"
)

// mostTurns is how many turns the most patient workers wait: they hold a spec
// meanwhile, which may be the last of the run.
const mostTurns = 10

// awaitTurn waits until the machine has not too much to do already, so that what
// the spec waits for gets done in time: with the control plane and perhaps the
// nodes on it, and more runs beside this one, it is easily too much. The first
// worker loses patience first and the others later: where it stays too much, few
// specs of a run are judged at once, and not as many as there are workers.
func (e *Env) awaitTurn(ctx context.Context) {
	e.waited += load.Await(ctx, e.settings.patience(), e.settings.Gate)
	e.reporter.Entry(EntryWait, e.waited.Seconds())
}

// patience is how long the worker waits for its turn.
func (s Settings) patience() time.Duration {
	return s.Timeouts.Turn * time.Duration(min(max(1, s.Worker), mostTurns))
}

// granted waits in turns of within, each by wait, which gives what it ended with
// and whether that was for want of time: one turn, and one more where the first
// ended so on an overloaded machine. It tells how long was waited for, in words.
func (e *Env) granted(ctx context.Context, within time.Duration, wait func(context.Context) (late bool, err error)) (string, error) {
	late, err := e.oneTurn(ctx, within, wait)
	if err == nil || !late || ctx.Err() != nil || !e.machine(load.Load.Overloaded) {
		return within.String(), err
	}
	_, err = e.oneTurn(ctx, within, wait)
	return fmt.Sprintf("%s (twice %s, since the machine was overloaded)", 2*within, within), err
}

func (e *Env) oneTurn(ctx context.Context, within time.Duration, wait func(context.Context) (bool, error)) (bool, error) {
	limit, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return wait(limit)
}

// cleanupTime is how long one clean-up may take: what is left behind would be
// met by the next spec, so that a busy machine has twice the time for it.
func (e *Env) cleanupTime() time.Duration {
	if e.machine(load.Load.Overloaded) {
		return 2 * e.Timeouts.Cleanup
	}
	return e.Timeouts.Cleanup
}

// machine tells whether the machine is known to be so.
func (e *Env) machine(so func(load.Load) bool) bool {
	if e.load == nil {
		return false
	}
	l, known := e.load()
	return known && so(l)
}

// excused is the failure by what came late: it accuses nobody where the machine
// has so much to do that the controller, too, did not get to work.
func (e *Env) excused(f Failure, too func(load.Load) bool) Failure {
	if f.Class != NonConformant || !e.machine(too) {
		return f
	}
	l, _ := e.load()
	if f.Cause != "" {
		f.Evidence = append(f.Evidence, "on a machine with less to do, the likely cause would be: "+f.Cause)
	}
	f.Class, f.Unexplained = EnvironmentFault, false
	f.Cause = fmt.Sprintf("the machine was overloaded, so that nothing follows from what came late: %s", l)
	f.Look = append([]string{"what else there was to do on the machine; fewer specs at once (--procs) make less of it"}, f.Look...)
	return f
}

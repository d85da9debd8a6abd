package framework

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/internal/load"
)

// awaitTurn waits until the machine has not too much to do already, so that what
// the spec waits for gets done in time: with the control plane and perhaps the
// nodes on it, and more runs beside this one, it is easily too much.
func (e *Env) awaitTurn(ctx context.Context) {
	e.waited += load.Await(ctx, e.Timeouts.Turn)
	e.reporter.Entry(EntryWait, e.waited.Seconds())
}

// excused is the failure by a deadline that passed: it accuses nobody where the
// machine was overloaded, for then the controller, too, did not get to work.
func (e *Env) excused(f Failure) Failure {
	if e.load == nil || f.Class != NonConformant {
		return f
	}
	l, known := e.load()
	if !known || !l.Overloaded() {
		return f
	}
	if f.Cause != "" {
		f.Evidence = append(f.Evidence, "on a machine with less to do, the likely cause would be: "+f.Cause)
	}
	f.Class, f.Unexplained = EnvironmentFault, false
	f.Cause = fmt.Sprintf("the machine was overloaded, so that nothing follows from a deadline that passed: %s", l)
	f.Look = append([]string{"what else there was to do on the machine; fewer specs at once (--procs) make less of it"}, f.Look...)
	return f
}

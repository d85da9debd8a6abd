package fleet

import (
	"context"

	"github.com/dsconform/dsconform/framework"
)

// CaughtUp waits until the controller has worked off what it had heard of by
// now: it looks at a DaemonSet that was made last of all, and then nothing
// changes any more. A controller hears of its own writes too and looks once more,
// which under load comes seconds later: what a spec does before that is noticed
// by chance, and the spec would find the controller better than it is. The
// DaemonSet of that name fits no node and stays until the spec's end.
func CaughtUp(ctx context.Context, e *framework.Env, witness string) {
	last := e.CreateDaemonSet(ctx, e.DaemonSet(witness, Nowhere(e)))
	e.BecomesFor(ctx, witness, e.Timeouts.RolloutOf(len(e.Nodes)), "the controller looks at a new DaemonSet", Observed(last))
	before := Of(e.History.State(), witness)
	e.Stays(ctx, "the controller is at rest", nil, before.Alone())
}

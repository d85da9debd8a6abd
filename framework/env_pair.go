package framework

import (
	"context"

	"github.com/dsconform/dsconform/clusters"
)

// StartPair runs the DaemonSet controller twice in place of once; at the end it
// runs once again. The first of the pair leads: the second is started by
// StartSecond, once the first is seen at work. The spec must list ElectLeader in
// its Needs, as for all that acts on a pair.
func (e *Env) StartPair(ctx context.Context) {
	e.Cleanup("run the DaemonSet controller once again", ableController[clusters.ControllerElecter](e).EndPair)
	e.onPair(ctx, "starts the first of two DaemonSet controllers", clusters.ControllerElecter.StartPair)
}

// StartSecond starts the second of the pair.
func (e *Env) StartSecond(ctx context.Context) {
	e.onPair(ctx, "starts the second of two DaemonSet controllers", clusters.ControllerElecter.StartSecond)
}

// KillFirst ends the first of the pair as a crash does.
func (e *Env) KillFirst(ctx context.Context) {
	e.onPair(ctx, "kills the first of two DaemonSet controllers", clusters.ControllerElecter.KillFirst)
}

func (e *Env) onPair(ctx context.Context, text string, do func(clusters.ControllerElecter, context.Context) error) {
	e.actOn(text, onController, "", "")
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.NodeAction)
	defer cancel()
	e.Must(do(ableController[clusters.ControllerElecter](e), limit), "%s", "act on the two controllers: the spec "+text)
}

package framework

import (
	"context"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework/history"
)

// onController is what the log says a spec acted on.
const onController = history.Kind("Controller")

// StopController ends the process of the DaemonSet controller; it is started
// again at the end. The spec must list RestartController in its Needs.
func (e *Env) StopController(ctx context.Context) {
	c := ableController[clusters.ControllerRestarter](e)
	e.Cleanup("start the DaemonSet controller", c.StartController)
	e.actOn("stops the DaemonSet controller", onController, "", "")
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.NodeAction)
	defer cancel()
	e.Must(c.StopController(limit), "stop the DaemonSet controller")
}

// StartController starts the DaemonSet controller again.
func (e *Env) StartController(ctx context.Context) {
	c := ableController[clusters.ControllerRestarter](e)
	e.actOn("starts the DaemonSet controller", onController, "", "")
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.NodeAction)
	defer cancel()
	e.Must(c.StartController(limit), "start the DaemonSet controller")
}

// KillController ends the process of the DaemonSet controller as a crash does;
// it is started again at the end. The spec must list KillController and
// RestartController in its Needs.
func (e *Env) KillController(ctx context.Context) {
	e.Cleanup("start the DaemonSet controller", ableController[clusters.ControllerRestarter](e).StartController)
	e.actOn("kills the DaemonSet controller", onController, "", "")
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.NodeAction)
	defer cancel()
	e.Must(ableController[clusters.ControllerKiller](e).KillController(limit), "kill the DaemonSet controller")
}

// PauseController freezes the DaemonSet controller; it goes on at the end. The
// spec must list PauseController in its Needs.
func (e *Env) PauseController(ctx context.Context) {
	c := ableController[clusters.ControllerPauser](e)
	e.Cleanup("let the DaemonSet controller go on", c.ResumeController)
	e.actOn("freezes the DaemonSet controller", onController, "", "")
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.NodeAction)
	defer cancel()
	e.Must(c.PauseController(limit), "freeze the DaemonSet controller")
}

// ResumeController lets the DaemonSet controller go on.
func (e *Env) ResumeController(ctx context.Context) {
	e.actOn("lets the DaemonSet controller go on", onController, "", "")
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.NodeAction)
	defer cancel()
	e.Must(ableController[clusters.ControllerPauser](e).ResumeController(limit), "let the DaemonSet controller go on")
}

// ableController gives the ability T of whatever runs the controller. A miss is
// a fault of the suite, as with Able.
func ableController[T any](e *Env) T {
	return ableOf[T](e, controller(e.Cluster, e.settings.Subject), "the controller under test")
}

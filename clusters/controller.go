package clusters

import "context"

// ControllerRestarter can end the process of the DaemonSet controller and start
// it again. Everything else that runs in the same process stops with it.
type ControllerRestarter interface {
	// StopController asks the process to end and returns when it has.
	StopController(ctx context.Context) error
	// StartController starts it again, and returns when nothing but its own work
	// keeps it from acting. One that runs is left alone.
	StartController(ctx context.Context) error
}

// ControllerKiller can end the process of the DaemonSet controller at once, as
// a crash or a lost machine does.
type ControllerKiller interface {
	// KillController returns when the process is gone; it stays gone until
	// ControllerRestarter starts it.
	KillController(ctx context.Context) error
}

// ControllerPauser can freeze the process of the DaemonSet controller.
type ControllerPauser interface {
	// PauseController freezes it: its connections stand, and nothing moves.
	PauseController(ctx context.Context) error
	// ResumeController lets it go on.
	ResumeController(ctx context.Context) error
}

// DaemonSetControllerOff is the --controllers value of kube-controller-manager
// by which all runs but the DaemonSet controller.
const DaemonSetControllerOff = "*,-daemonset-controller"

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

// ControllerElecter can run the DaemonSet controller twice, in place of the one
// that runs otherwise, so that the two elect who leads.
type ControllerElecter interface {
	// StartPair ends the controller and starts the first of the pair, which leads
	// as soon as it has the lease, for nobody else asks for it. StartSecond starts
	// the other, which waits.
	StartPair(ctx context.Context) error
	StartSecond(ctx context.Context) error
	// KillFirst ends the first of the pair as a crash does.
	KillFirst(ctx context.Context) error
	// EndPair ends both and starts the controller as it runs otherwise. It does
	// nothing where no pair was started.
	EndPair(ctx context.Context) error
}

// DaemonSetControllerOff is the --controllers value of kube-controller-manager
// by which all runs but the DaemonSet controller.
const DaemonSetControllerOff = "*,-daemonset-controller"

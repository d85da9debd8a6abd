package subject

import (
	"context"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/supervisor"
)

// component is the name of the program to its supervisor.
const component = "subject"

// processControl acts on a program by way of its supervisor.
type processControl struct{ supervisor *supervisor.Client }

// What can be done to a program.
var (
	_ clusters.ControllerRestarter = processControl{}
	_ clusters.ControllerKiller    = processControl{}
	_ clusters.ControllerPauser    = processControl{}
)

// StopController implements clusters.ControllerRestarter.
func (c processControl) StopController(ctx context.Context) error {
	return c.do(ctx, supervisor.Stop)
}

// StartController implements clusters.ControllerRestarter.
func (c processControl) StartController(ctx context.Context) error {
	return c.do(ctx, supervisor.Start)
}

// KillController implements clusters.ControllerKiller.
func (c processControl) KillController(ctx context.Context) error {
	return c.do(ctx, supervisor.Kill)
}

// PauseController implements clusters.ControllerPauser.
func (c processControl) PauseController(ctx context.Context) error {
	return c.do(ctx, supervisor.Pause)
}

// ResumeController implements clusters.ControllerPauser.
func (c processControl) ResumeController(ctx context.Context) error {
	return c.do(ctx, supervisor.Resume)
}

func (c processControl) do(ctx context.Context, a supervisor.Action) error {
	return c.on(ctx, component, a)
}

// on acts on one of the processes of the supervisor.
func (c processControl) on(ctx context.Context, name string, a supervisor.Action) error {
	if _, err := c.supervisor.Do(ctx, name, a); err != nil {
		return exit.Environmentf("the controller under test: %s %s: %w", a, name, err)
	}
	return nil
}

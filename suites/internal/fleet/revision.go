package fleet

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// AwaitRevision gives the ControllerRevision of the DaemonSet's template as soon
// as the event log has it, which may be after the pods made from it: the log
// follows both by watches of their own.
func AwaitRevision(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet) *appsv1.ControllerRevision {
	var found *appsv1.ControllerRevision
	e.BecomesFor(ctx, ds.Name, e.Timeouts.Placement, "there is a ControllerRevision of the template of DaemonSet "+ds.Name, func(s *history.State) error {
		var err error
		found, err = oracle.CurrentRevision(s, ds)
		return err
	})
	return found
}

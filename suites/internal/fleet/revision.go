package fleet

import (
	"context"
	"fmt"

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

// Revision gives the DaemonSet's ControllerRevision at the place, 0 being the one
// of the lowest number; with fewer of them the spec fails.
func Revision(ctx context.Context, e *framework.Env, daemonSet string, place int) *appsv1.ControllerRevision {
	var found *appsv1.ControllerRevision
	e.Holds(ctx, func(s *history.State) error {
		owned := s.RevisionsOf(s.DaemonSet(daemonSet))
		if len(owned) <= place {
			return fmt.Errorf("it has %d", len(owned))
		}
		found = owned[place]
		return nil
	}, "DaemonSet %s has a ControllerRevision of each template it had, %d or more", daemonSet, place+1)
	return found
}

// AwaitHash gives the value by which the pods of the DaemonSet's template are
// known, as soon as the event log tells it.
func AwaitHash(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet) string {
	var hash string
	e.BecomesFor(ctx, ds.Name, e.Timeouts.Placement, "the revision of the template of DaemonSet "+ds.Name+" is known, or the hash its pods carry", func(s *history.State) error {
		var err error
		_, hash, err = Current(s, ds)
		return err
	})
	return hash
}

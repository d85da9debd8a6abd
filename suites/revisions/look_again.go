package revisions

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// lookAgain makes the controller look at the DaemonSet once it has seen every change
// of a ControllerRevision that was made by now. A touch alone does not do:
// ControllerRevisions and DaemonSets come to a controller on watches of their own.
//
// That it has seen them is told by another DaemonSet, whose only revision is deleted
// last of all: no controller can make it again that has not seen it go.
func lookAgain(ctx context.Context, e *framework.Env) {
	const witness = "witness"
	fleet.Deploy(ctx, e, e.DaemonSet(witness, fleet.Nowhere(e)))
	lost := fleet.Revision(ctx, e, witness, 0)
	deleteRevision(ctx, e, lost)
	e.BecomesFor(ctx, witness, e.Timeouts.Placement, "the controller sees that the revision of DaemonSet "+witness+" is gone, and makes it again", func(s *history.State) error {
		ds := s.DaemonSet(witness)
		if !slices.ContainsFunc(s.RevisionsOf(ds), func(cr *appsv1.ControllerRevision) bool { return cr.UID != lost.UID }) {
			return fmt.Errorf("DaemonSet %s has the ControllerRevisions %v", witness, fleet.Revisions(s, ds))
		}
		return nil
	})
	fleet.Touch(ctx, e, name, "look again")
}

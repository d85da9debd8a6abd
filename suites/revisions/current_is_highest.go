package revisions

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func currentIsHighest() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-018",
		Area:      framework.Revisions,
		Title:     "the current revision has the highest number",
		Behaviour: "The number of the current ControllerRevision MUST be above those of all others, whatever they are set to.",
		Clauses:   []string{apiRevision, docRollback, sourceHistory},
		Level:     framework.Extended,
		Why: "\"The previous revision\" is the second highest, to kubectl and to people. A controller that sets the number only when it makes a revision " +
			"leaves the current one below another, and an undo then goes to where one already is.",
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Nowhere(e), fleet.Template("a")))
			for _, template := range []string{"b", "a", "b"} {
				fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Template(template)))
				e.Holds(ctx, currentAbove, "after a change to template %s its revision is above the other", template)
			}
			old := fleet.Revision(ctx, e, name, 0)
			updateRevision(ctx, e, old, func(cr *appsv1.ControllerRevision) { cr.Revision = 100 })
			fleet.Touch(ctx, e, name, "1")

			e.BecomesFor(ctx, name, e.Timeouts.Placement, "with the other set to 100 the current revision becomes 101", fleet.Every(currentAbove, numbers(100, 101)))
			e.Stays(ctx, "the numbers stay so", nil, fleet.Every(currentAbove, numbers(100, 101)))
		},
	}
}

// currentAbove judges that the current revision's number is above all others.
func currentAbove(s *history.State) error {
	ds := s.DaemonSet(name)
	current, err := oracle.CurrentRevision(s, ds)
	if err != nil {
		return err
	}
	for _, cr := range s.RevisionsOf(ds) {
		if cr.UID != current.UID && cr.Revision >= current.Revision {
			return fmt.Errorf("the current revision %s has number %d, %s has %d", current.Name, current.Revision, cr.Name, cr.Revision)
		}
	}
	return nil
}

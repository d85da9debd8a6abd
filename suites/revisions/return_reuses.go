package revisions

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func returnReuses() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-006",
		Area:      framework.Revisions,
		Title:     "a template that returns takes its revision up again",
		Behaviour: "When the template returns to an earlier one, its ControllerRevision MUST be used again, same object, name and hash, with a number above all others; no new one MUST be made.",
		Clauses:   []string{docRollback, sourceHistory},
		Level:     framework.Extended,
		Why: "The hash of the returned revision is what pods that never left it carry. A controller that makes a new one finds them out of date and restarts them; " +
			"one that keeps the old number lets the next undo go to the wrong place.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			first := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Template("a")))
			a := fleet.Revision(ctx, e, name, 0)
			second := fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Template("b")))
			third := fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Template("a")))

			e.That(third.Hash == first.Hash && second.Hash != first.Hash, "the pod carries the first hash again", "the hashes were %s, %s, %s", first.Hash, second.Hash, third.Hash)
			e.Stays(ctx, "there are two revisions: that of template b with number 2, and the same object as at first, now with number 3", nil, func(s *history.State) error {
				owned := s.RevisionsOf(s.DaemonSet(name))
				if len(owned) != 2 {
					return fmt.Errorf("there are %v", fleet.Revisions(s, s.DaemonSet(name)))
				}
				if owned[0].Revision != 2 || owned[1].Revision != 3 || owned[1].UID != a.UID || owned[1].Name != a.Name {
					return fmt.Errorf("they are %s of number %d and %s of number %d; the first one was %s",
						owned[0].Name, owned[0].Revision, owned[1].Name, owned[1].Revision, a.Name)
				}
				return nil
			})
		},
	}
}

package ondelete

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func templateChange() framework.Spec {
	return framework.Spec{
		ID:        "DS-OND-001",
		Area:      framework.OnDelete,
		Title:     "a template change touches no pod",
		Behaviour: "Under OnDelete a template change MUST NOT delete or change any running pod; a revision for it MUST nevertheless be made, and updatedNumberScheduled MUST drop to 0.",
		Clauses:   []string{docOnDelete, fieldType, sourceUpdate, sourceHistory},
		Covers:    []string{"DS-OND-002"},
		Level:     framework.Core,
		Why: "Users choose OnDelete because they alone know when a node's agent may go. A controller that rolls anyway breaks that; " +
			"one that looks away altogether makes no revision and goes on counting the old pods as up to date, so that nobody sees what is left to do.",
		Nodes: framework.NodeNeed{Workers: 2},
		Smoke: true,
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.OnDelete))
			ds := e.SetImage(ctx, name, "agent:v2")

			noticed := fleet.Every(old.Alone(), secondRevision(old), fleet.Counts(ds, map[string]int32{
				"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 2, "numberAvailable": 2, "updatedNumberScheduled": 0, "numberUnavailable": 0,
			}))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the new template has revision 2, no pod counts as updated, and the old pods run on", noticed)
			e.StaysFor(ctx, 2*e.Timeouts.Quiet, "the old pods run on untouched", nil, noticed)
		},
	}
}

// secondRevision judges that the current template has revision 2 of two, and
// that the fleet's pods carry the hash of the first.
func secondRevision(old *fleet.Fleet) func(*history.State) error {
	return func(s *history.State) error {
		ds, hash, err := fleet.Current(s, s.DaemonSet(name))
		if err != nil {
			return err
		}
		revisions := s.RevisionsOf(ds)
		switch {
		case len(revisions) != 2:
			return fmt.Errorf("the ControllerRevisions are %v; want two", fleet.Revisions(s, ds))
		case revisions[1].Revision != 2:
			return fmt.Errorf("the last of the ControllerRevisions %v has number %d; want 2", fleet.Revisions(s, ds), revisions[1].Revision)
		}
		if hash == old.Hash {
			return fmt.Errorf("the current revision still is %s", hash)
		}
		return nil
	}
}

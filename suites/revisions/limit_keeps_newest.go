package revisions

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func limitKeepsNewest() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-008",
		Area:      framework.Revisions,
		Title:     "the history limit drops the oldest",
		Behaviour: "Of the old ControllerRevisions, those beyond revisionHistoryLimit MUST be deleted, lowest number first; the current one is not counted.",
		Clauses:   []string{fieldLimit, sourceCleanup},
		Level:     framework.Extended,
		Why: "The limit keeps etcd small and says how far back a user may go. A controller off by one takes the last way back with it; " +
			"one that drops the newest leaves only templates nobody remembers.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.HistoryLimit(2)))
			kept := map[int][]int64{2: {1, 2}, 3: {1, 2, 3}, 4: {2, 3, 4}, 5: {3, 4, 5}}
			for template := 2; template <= 5; template++ {
				ds := fleet.Update(ctx, e, name, fleet.Template(fmt.Sprint(template)))
				fleet.AwaitRollout(ctx, e, ds)
				want := kept[template]
				e.BecomesFor(ctx, name, e.Timeouts.Placement, fmt.Sprintf("after template %d the revisions kept are %v", template, want), numbers(want...))
			}
			e.Stays(ctx, "two old revisions and the current one are kept", nil, numbers(3, 4, 5))
			e.Check(fleet.Each(e, neverFewer(2)), "no revision within the limit was deleted on the way")
		},
	}
}

// neverFewer judges an entry of the log: a revision is deleted only while more
// than limit old ones were there.
func neverFewer(limit int) func(*history.State, history.Entry) error {
	return func(s *history.State, en history.Entry) error {
		if en.Kind != history.KindControllerRevision || en.Change != history.Deleted {
			return nil
		}
		// The current one and limit old ones must be left.
		if left := len(s.RevisionsOf(s.DaemonSet(name))); left < limit+1 {
			return fmt.Errorf("after the deletion of %s only %d are left", en.Name, left)
		}
		return nil
	}
}

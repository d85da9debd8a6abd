package revisions

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func undoRenumbers() framework.Spec {
	return framework.Spec{
		ID:        "DS-KUB-006",
		Area:      framework.Revisions,
		Title:     "undo moves a revision to the end of the history",
		Behaviour: "After kubectl rollout undo the restored revision MUST have a new highest number in kubectl rollout history, and its old number MUST be gone.",
		Clauses:   []string{docRollback + " (the restored revision is renumbered)", kubectlHistory, sourceHistory},
		Level:     framework.Extended,
		Why: "The last line of the history is what runs. A controller that keeps the old number makes the next undo swing between the wrong two; " +
			"one that keeps the old line too shows a revision twice.",
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Nowhere(e), fleet.Template("1")))
			for template := 2; template <= 3; template++ {
				fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Template(fmt.Sprint(template))))
			}
			for _, row := range []struct {
				toRevision int64
				template   string
				history    []int64
			}{
				{0, "2", []int64{1, 3, 4}},
				{1, "1", []int64{3, 4, 5}},
				{0, "2", []int64{3, 5, 6}},
			} {
				ds := undo(ctx, e, row.toRevision)
				e.That(ds.Spec.Template.Annotations["dsconform.dev/template"] == row.template,
					fmt.Sprintf("undo to revision %d (0 is the previous one) brings template %s back", row.toRevision, row.template), "it brings %v", ds.Spec.Template.Annotations)
				fleet.AwaitRollout(ctx, e, ds)
				got := listed(ctx, e)
				e.That(fmt.Sprint(got) == fmt.Sprint(row.history), fmt.Sprintf("the history then is %v", row.history), "it is %v", got)
			}
		},
	}
}

package revisions

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func undoRefused() framework.Spec {
	return framework.Spec{
		ID:        "DS-KUB-005",
		Area:      framework.Revisions,
		Title:     "undo without a way back changes nothing",
		Behaviour: "kubectl rollout undo MUST fail where there is no earlier revision or not the one asked for, MUST skip where that revision is current, and MUST write nothing in each case.",
		Clauses:   []string{docRollback, kubectlUndo},
		Level:     framework.Extended,
		Why: "kubectl finds its way by the ControllerRevisions and their data. Extra revisions of a controller would give it somewhere to go, " +
			"and data that is not byte for byte the template would make it roll back to what already is.",
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Nowhere(e)))
			before := stored(ctx, e)
			e.Check(failed(e.Kubectl.RolloutUndo(ctx, name, 0), "no last revision to roll back to"), "with one revision kubectl finds no last one")
			e.Check(failed(e.Kubectl.RolloutUndo(ctx, name, 9), "unable to find specified revision 9 in history"), "kubectl does not find revision 9")
			e.Check(succeeded(e.Kubectl.RolloutUndo(ctx, name, 1), "skipped rollback (current template already matches revision 1)"), "kubectl skips an undo to the current revision")
			e.Check(unwritten(before, stored(ctx, e)), "none of them wrote the DaemonSet")
			e.Holds(ctx, numbers(1), "there still is one revision")
		},
	}
}

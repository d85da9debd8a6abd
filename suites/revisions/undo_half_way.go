package revisions

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func undoHalfWay() framework.Spec {
	return framework.Spec{
		ID:        "DS-KUB-004",
		Area:      framework.Revisions,
		Title:     "undo restarts only what changed",
		Behaviour: "kubectl rollout undo MUST go to the previous revision, and with --to-revision to that one; pods that are already of that revision MUST NOT be restarted.",
		Clauses:   []string{docRollback, kubectlUndo, "e2e: should rollback without unnecessary restarts"},
		Level:     framework.Extended,
		Why: "A rollback half-way through a bad rollout must not take down the nodes that the bad release never reached. " +
			"A controller that makes a fresh revision for the restored template, or matches pods by generation, restarts them all.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			first := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			bad := fleet.Update(ctx, e, name, fleet.Image(e, "agent:missing"))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(2), "the broken release has come to its first node", first.Progress(bad, 1, 0))
			untouched := first.Standing(e.History.State())

			back := fleet.AwaitRollout(ctx, e, undo(ctx, e, 0))
			e.That(back.Hash == first.Hash, "the pods are of the first revision again", "they are of %s, the first is %s", back.Hash, first.Hash)
			e.That(len(untouched) == 1, "one node had not been reached", "it was %v", untouched)
			e.Holds(ctx, first.Kept(untouched...), "the pod of the node that was not reached is the very same one")

			third := fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Image(e, "agent:v3")))
			// The revisions are 2 (missing), 3 (v1) and 4 (v3); with one more a plain undo would not go to 3.
			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2")))
			again := fleet.AwaitRollout(ctx, e, undo(ctx, e, 3))
			e.That(again.Hash == first.Hash && third.Hash != first.Hash, "undo to revision 3 goes two revisions back, to the first template", "the pods are of %s, the first template's revision is %s", again.Hash, first.Hash)
		},
	}
}

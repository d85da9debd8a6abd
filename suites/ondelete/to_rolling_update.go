package ondelete

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func toRollingUpdate() framework.Spec {
	return framework.Spec{
		ID:        "DS-OND-006",
		Area:      framework.OnDelete,
		Title:     "a switch to RollingUpdate rolls what is out of date",
		Behaviour: "A switch from OnDelete to RollingUpdate MUST roll the pods that are out of date, within maxUnavailable, without a further template change and without a new revision.",
		Clauses:   []string{docOnDelete, fieldType, sourceUpdate},
		Level:     framework.Core,
		Why: "The switch is how a user ends a release by hand and hands the rest to the controller. " +
			"One that rolls only when the template changes leaves the old pods for ever.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.OnDelete))
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller has seen the new template and rolled nothing", fleet.Every(fleet.Observed(ds), secondRevision(old), old.Alone()))
			revisions := fleet.Revisions(e.History.State(), ds)

			rolling := fleet.Update(ctx, e, name, fleet.MaxUnavailable("1"))
			updated := fleet.AwaitRollout(ctx, e, rolling)
			e.That(updated.Hash != old.Hash, "the pods are of the new revision", "they are of %s", updated.Hash)
			e.Holds(ctx, fleet.SameRevisions(rolling, revisions), "the switch makes no revision")
			e.Check(fleet.Each(e, fleet.AtMostUnavailable(rolling, old.Nodes(), 1)), "never more than one node is without an available pod")
		},
	}
}

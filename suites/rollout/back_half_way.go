package rollout

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func backHalfWay() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-021",
		Area:      framework.RollingUpdate,
		Title:     "a way back half-way restarts only what changed",
		Behaviour: "When the template goes back in the middle of a rollout, pods that still are of that template MUST NOT be restarted.",
		Clauses:   []string{"docs: tasks/manage-daemon/rollback-daemon-set", "e2e: should rollback without unnecessary restarts", sourceHistory},
		Level:     framework.Core,
		Why: "Going back is done under pressure; the pods that were never touched are the ones in service. " +
			"A controller that makes a fresh revision for the returned template finds all of them out of date and restarts them.",
		Nodes: framework.NodeNeed{Workers: 3},
		Body: func(ctx context.Context, e *framework.Env) {
			first := e.DaemonSet(name, fleet.MaxUnavailable("1"))
			old := fleet.Deploy(ctx, e, first)
			template := e.History.State().DaemonSet(name).Spec.Template
			ds := fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), fleet.Gated)
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(3), "the rollout waits at its first node", old.Progress(ds, 1, 0))
			untouched := old.Standing(e.History.State())

			back := fleet.AwaitRollout(ctx, e, e.UpdateDaemonSet(ctx, name, func(ds *appsv1.DaemonSet) { template.DeepCopyInto(&ds.Spec.Template) }))
			e.That(back.Hash == old.Hash, "the pods carry the revision they had before", "it was %s and is %s", old.Hash, back.Hash)
			e.That(len(untouched) == 2, "two nodes had not been touched", "it was %v", untouched)
			e.Stays(ctx, "the pods that never changed are the very same ones", nil, old.Kept(untouched...))
		},
	}
}

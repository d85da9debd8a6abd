package rollout

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func besideBroken() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-022",
		Area:      framework.RollingUpdate,
		Title:     "a rollout beside a broken DaemonSet",
		Behaviour: "maxUnavailable MUST count the DaemonSet's own pods alone: a rollout MUST go on beside another DaemonSet of the namespace whose pods are unavailable on the same nodes, and each status MUST count its own pods.",
		Clauses:   []string{fieldMaxDown, sourceRolling},
		Level:     framework.Core,
		Why: "Many daemons share a namespace, and labels of their teams. A controller that finds pods by namespace or by a label of the template, and not by their owner, " +
			"lets one broken daemon hold up the rollouts of all, or counts its pods among theirs.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			team := func(ds *appsv1.DaemonSet) {
				ds.Labels["team"], ds.Spec.Template.Labels["team"] = "blue", "blue"
			}
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1"), team))
			broken := e.CreateDaemonSet(ctx, e.DaemonSet("broken", fleet.Image(e, "agent:missing"), fleet.MaxUnavailable("1"), team))
			down := fleet.Every(site.Pods(broken, e.Nodes...), fleet.Counts(broken, map[string]int32{
				"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 0, "numberAvailable": 0, "numberUnavailable": 2,
			}))
			e.BecomesFor(ctx, "broken", e.Timeouts.Placement, "each node has a pod of the image that cannot be pulled, and the status says so", down)
			stuck := fleet.Take(e, "broken")

			fleet.AwaitRollout(ctx, e, e.SetImage(ctx, name, "agent:v2"))
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "the old pods are gone", old.Gone)
			e.BecomesFor(ctx, "broken", e.Timeouts.Placement, "the broken DaemonSet has its pods and its numbers as before", fleet.Every(down, stuck.Alone()))
		},
	}
}

package placement

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func roomAppears() framework.Spec {
	return framework.Spec{
		ID: "DS-PRI-001", Area: framework.Placement, Title: "room appears on a full node", Level: framework.Core,
		Behaviour: "A pod that is Pending because its node is full MUST be bound and run, the same pod, as soon as there is room, without any edit of the DaemonSet.",
		Clauses:   []string{"KEP-548: the scheduler, not the controller, judges resources", "concepts/scheduling-eviction/kube-scheduler"},
		Why: "The Pending pod has its place in the scheduler's queue. A controller that deletes and makes it anew, or that waits for room before it makes one, comes late each time, " +
			"and on a busy node never. What is short here is a resource of the spec's own, so that the node is full for this pod alone.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			node := e.Nodes[0]
			site.OfferRoom(ctx, e, node)
			occupant := site.Occupy(ctx, e, "occupant", node)
			ds := placed(ctx, e, e.DaemonSet("waiting", site.AskForRoom(e)), node)
			pods := fleet.Take(e, ds.Name)
			site.Await(ctx, e, e.Timeouts.Placement, "the scheduler has said that the pod does not fit", unschedulable(pods))
			e.Stays(ctx, "the pod waits for room", nil, fleet.Every(pods.Alone(), unschedulable(pods)))

			e.DeletePod(ctx, occupant, metav1.DeleteOptions{})
			e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(1), "the pod that waited is bound and Ready", fleet.Every(pods.Alone(), site.Running(ds, node)))
			made := site.Created(e.History.Entries(), ds)
			e.That(len(made) == 1, "one pod was made, and no other", "%d were made", len(made))
		},
	}
}

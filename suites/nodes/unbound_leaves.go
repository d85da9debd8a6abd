package nodes

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

func unboundOfLeftNode() framework.Spec {
	return framework.Spec{
		ID: "DS-NOD-004", Area: framework.NodeLife, Title: "a node leaves whose pod is unbound", Level: framework.Core, Slow: true,
		Behaviour: "A pod that is still unbound when the node it is for leaves MUST be deleted by the controller once it looks at the DaemonSet, and the node MUST no longer count.",
		Clauses:   []string{"kubernetes#73401, #76060", "pkg/controller/daemon getUnscheduledPodsWithoutNode"},
		Why: "The pod garbage collector goes by the node that a pod is bound to, and this one is bound to none: nobody but the controller ever removes it. One that goes over the nodes there are never comes across it, " +
			"and the pod stays Pending for ever, for a node that does not exist.",
		Needs: joining(),
		Nodes: framework.NodeNeed{Topology: true},
		Body: func(ctx context.Context, e *framework.Env) {
			waiting := daemon(e, "waiting")
			unbound.Scheduler(waiting)
			ds := e.CreateDaemonSet(ctx, waiting)
			nodes := site.JoinTogether(ctx, e, 2)
			becomes(ctx, e, ds, nodes...)
			pods := fleet.Take(e, ds.Name)
			e.RemoveNode(ctx, nodes[0])
			site.Await(ctx, e, e.Timeouts.Placement, "node "+nodes[0]+" is gone", leftCluster(nodes[0]))

			site.LookAgain(ctx, e, ds.Name, nodes[1])
			whole := fleet.Every(site.Gone(pods.Pods[nodes[0]]), site.Same(pods.Pods[nodes[1]]), site.Exactly(ds, nodes[1]))
			e.BecomesFor(ctx, ds.Name, e.Timeouts.Placement, "the pod for the node that has left is gone, the other one stays", whole)
			e.Stays(ctx, "none is made for the node that has left", nil, whole)
		},
	}
}

// leftCluster judges that the node is no longer there.
func leftCluster(node string) site.Condition {
	return func(s *history.State) error {
		if s.Node(node) != nil {
			return fmt.Errorf("node %s is still there", node)
		}
		return nil
	}
}

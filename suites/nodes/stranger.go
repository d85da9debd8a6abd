package nodes

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func strangerJoins() framework.Spec {
	return framework.Spec{
		ID: "DS-NOD-002", Area: framework.NodeLife, Title: "a node joins that is none of the DaemonSet's", Level: framework.Core,
		Behaviour: "A node that joins and changes without ever being eligible MUST NOT cause the controller to write anything about the DaemonSet.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: all (or some) nodes", "pkg/controller/daemon syncNodeUpdate"},
		Why: "Clusters grow and shrink all day, and most DaemonSets are for some nodes. A controller that writes a status, or makes a pod and takes it back, for each node that comes multiplies the load of a joining node by the number of DaemonSets. " +
			"A second DaemonSet that is for the new node proves that the controller has seen it.",
		Needs: joining(),
		Nodes: framework.NodeNeed{Workers: 1, Topology: true},
		Body: func(ctx context.Context, e *framework.Env) {
			elsewhere := fleet.Deploy(ctx, e, e.DaemonSet("elsewhere"))
			there := e.CreateDaemonSet(ctx, daemon(e, "there"))
			becomes(ctx, e, there)
			fleet.CaughtUp(ctx, e, "witness")
			rest := e.History.State().Clone()

			node := site.Join(ctx, e)
			running(ctx, e, there, node)
			e.LabelNode(ctx, node, e.Key("other"), "true")
			e.UnlabelNode(ctx, node, e.Key("own"))
			becomes(ctx, e, there)
			e.Stays(ctx, "nothing is written about the DaemonSet that the node is not for", nil, fleet.Every(elsewhere.Alone(), site.Unwritten(rest, "elsewhere")))
		},
	}
}

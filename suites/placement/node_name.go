package placement

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func nodeName() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-011", Area: framework.Placement, Title: "nodeName", Level: framework.Core,
		Behaviour: "A template with nodeName MUST give a pod on that node and no other, created already bound.",
		Clauses:   []string{"PodSpec.nodeName", "pkg/controller/daemon NodeShouldRunDaemonPod"},
		Why: "nodeName in the template is the user's own binding. A controller that does not read it creates a pod for every node, " +
			"each bound to this one: the pods pile up there.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := running(ctx, e, e.DaemonSet("named", onNode(e.Nodes[0])), e.Nodes[0])
			created := site.Created(e.History.Entries(), ds)
			e.That(len(created) == 1, "one pod was created", "%d pods were created", len(created))
			e.That(created[0].Spec.NodeName == e.Nodes[0], "the pod is bound from its creation", "it was created with nodeName %q", created[0].Spec.NodeName)
		},
	}
}

func nodeNameAndSelector() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-012", Area: framework.Placement, Title: "nodeName against nodeSelector", Level: framework.Core,
		Behaviour: "A template whose nodeName is a node that its nodeSelector or required affinity does not match MUST NOT give any pod.",
		Clauses:   []string{"PodSpec.nodeName", "PodSpec.nodeSelector", "pkg/controller/daemon NodeShouldRunDaemonPod"},
		Why: "The kubelet would refuse such a pod, and a controller that creates it does so again and again. " +
			"The selector matches the other node, so a controller that reads only the selector puts a pod there.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			e.LabelNode(ctx, e.Nodes[1], e.Key("other"), "true")
			exists := allOf(expr(e.Key("other"), "Exists"))
			table(ctx, e, "no DaemonSet of the table has a pod, and each status says desiredNumberScheduled 0", []row{
				{"selector", changed(onNode(e.Nodes[0]), fleet.NodeSelector(e.Key("other"), "true")), nil},
				{"affinity", changed(onNode(e.Nodes[0]), requires(exists)), nil},
			})
			// The same selector without the contradiction: the rows above are empty for the right reason.
			placed(ctx, e, e.DaemonSet("agreeing", onNode(e.Nodes[1]), fleet.NodeSelector(e.Key("other"), "true")), e.Nodes[1])
		},
	}
}

func onNode(node string) fleet.Change {
	return func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.NodeName = node }
}

package placement

import (
	"context"
	"errors"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func cordonedNode() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-016", Area: framework.Placement, Title: "a cordoned node", Level: framework.Core,
		Behaviour: "A node with spec.unschedulable MUST get its pod, and the pod MUST run.",
		Clauses: []string{
			"concepts/workloads/controllers/daemonset, Taints and tolerations: node.kubernetes.io/unschedulable:NoSchedule",
			"concepts/architecture/nodes: Pods that are part of a DaemonSet tolerate being run on an unschedulable Node",
		},
		Why: "Cordoning is for ordinary workloads; a node's network, storage and log agents must come back while it is being drained. " +
			"A controller that skips cordoned nodes, or forgets the toleration, leaves the node without them.",
		Nodes: framework.NodeNeed{Workers: 1, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			site.Cordon(ctx, e, e.Nodes[0])
			running(ctx, e, e.DaemonSet("daemon"), e.Nodes...)
		},
	}
}

func virtualNode() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-028", Area: framework.Placement, Title: "a node labelled as virtual", Level: framework.Core,
		Behaviour: "A node MUST get its pod whatever kind of node its labels claim to be, where neither selector nor taint excludes it.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: nodes are left out by selectors, affinity and taints"},
		Why:       "Virtual kubelets mark their nodes type=virtual-kubelet and exclude daemons by a taint. A controller that reads more into the label leaves out nodes that nobody excluded.",
		Nodes:     framework.NodeNeed{Workers: 1, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			const key = "type"
			if value, taken := e.History.State().Node(e.Nodes[0]).Labels[key]; taken {
				e.Must(errors.New("the clean-up would lose its value "+value), "set label %s, which node %s has already", key, e.Nodes[0])
			}
			e.LabelNode(ctx, e.Nodes[0], key, "virtual-kubelet")
			running(ctx, e, e.DaemonSet("daemon"), e.Nodes...)
		},
	}
}

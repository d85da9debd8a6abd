package placement

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"

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
		Slow:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			site.Cordon(ctx, e, e.Nodes[0])
			running(ctx, e, e.DaemonSet("daemon"), e.Nodes...)
		},
	}
}

func virtualNode() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-028", Area: framework.Placement, Title: "a node labelled as special", Level: framework.Core,
		Behaviour: "A node MUST get its pod whatever kind of node its labels claim to be, where neither selector nor taint excludes it.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: nodes are left out by selectors, affinity and taints"},
		Why: "Virtual kubelets mark their nodes type=virtual-kubelet and exclude daemons by a taint. Roles and the exclusion from load balancing are labels too. " +
			"A controller that reads more into them leaves out nodes that nobody excluded.",
		Nodes: framework.NodeNeed{Workers: 1, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			for _, label := range []struct{ key, value string }{
				{"type", "virtual-kubelet"}, {"node-role.kubernetes.io/edge", ""}, {corev1.LabelNodeExcludeBalancers, "true"},
			} {
				if value, taken := e.History.State().Node(e.Nodes[0]).Labels[label.key]; taken {
					e.Must(errors.New("the clean-up would lose its value "+value), "set label %s, which node %s has already", label.key, e.Nodes[0])
				}
				e.LabelNode(ctx, e.Nodes[0], label.key, label.value)
			}
			running(ctx, e, e.DaemonSet("daemon"), e.Nodes...)
		},
	}
}

package placement

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// Taints that say that a node is not, or no longer, in use. No other component
// of the cluster takes them off a healthy node.
const (
	uninitialized = "node.cloudprovider.kubernetes.io/uninitialized"
	outOfService  = "node.kubernetes.io/out-of-service"
)

func blanketToleration() framework.Spec {
	return framework.Spec{
		ID: "DS-TOL-010", Area: framework.Placement, Title: "a toleration of everything", Level: framework.Core,
		Behaviour: "A DaemonSet with the toleration operator Exists without a key MUST run on nodes with any taint.",
		Clauses:   []string{"concepts/scheduling-eviction/taint-and-toleration: an empty key with operator Exists matches all keys, values and effects"},
		Why: "Network and proxy agents live by this toleration: they must run before a node is initialized. Each effect is there once. " +
			"A controller that matches by key does not see the empty one, and the node never comes up.",
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Slow:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			e.TaintNode(ctx, e.Nodes[0], corev1.Taint{Key: uninitialized, Value: "true", Effect: corev1.TaintEffectNoSchedule})
			e.TaintNode(ctx, e.Nodes[0], taint(e, "soft", corev1.TaintEffectPreferNoSchedule))
			e.TaintNode(ctx, e.Nodes[1], taint(e, "hard", corev1.TaintEffectNoExecute))
			e.TaintNode(ctx, e.Nodes[1], corev1.Taint{Key: corev1.TaintNodeDiskPressure, Effect: corev1.TaintEffectNoExecute})
			running(ctx, e, e.DaemonSet("everywhere", tolerates(corev1.Toleration{Operator: corev1.TolerationOpExists})), e.Nodes...)
		},
	}
}

func notToleratedByDefault() framework.Spec {
	return framework.Spec{
		ID: "DS-TOL-011", Area: framework.Placement, Title: "taints outside the table", Level: framework.Core,
		Behaviour: "Nodes tainted as uninitialized by a cloud provider or as out of service MUST NOT get pods that do not tolerate it by themselves.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Taints and tolerations, the table", "reference/labels-annotations-taints: node.kubernetes.io/out-of-service"},
		Why: "The table is closed. A controller that tolerates every taint of Kubernetes' own name space makes pods for machines that are not there yet or not there any more; " +
			"the second DaemonSet, which tolerates both, shows that nothing else stood in the way.",
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			e.TaintNode(ctx, e.Nodes[0], corev1.Taint{Key: uninitialized, Value: "true", Effect: corev1.TaintEffectNoSchedule})
			e.TaintNode(ctx, e.Nodes[1], corev1.Taint{Key: outOfService, Value: "nodeshutdown", Effect: corev1.TaintEffectNoExecute})
			site.Known(ctx, e, e.Nodes...)
			table(ctx, e, "only the DaemonSet that tolerates the taints has pods", []row{
				{"plain", tolerates(), nil},
				{"tolerating", tolerates(exists(uninitialized, corev1.TaintEffectNoSchedule), exists(outOfService, corev1.TaintEffectNoExecute)), e.Nodes},
			})
		},
	}
}

func pressureWithNoExecute() framework.Spec {
	return framework.Spec{
		ID: "DS-TOL-012", Area: framework.Placement, Title: "a pressure taint with effect NoExecute", Level: framework.Core,
		Behaviour: "A pressure taint with effect NoExecute, which is not in the table, MUST remove the pod and keep it away while the taint stands.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Taints and tolerations, the table: pressure is tolerated with effect NoSchedule"},
		Why: "Key and effect belong together. A controller that compares the key alone takes the node for tolerated: " +
			"the taint eviction controller deletes the pod, it makes another, and both go on for ever.",
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := running(ctx, e, e.DaemonSet("plain"), e.Nodes...)
			pods := fleet.Take(e, ds.Name)
			e.TaintNode(ctx, e.Nodes[0], corev1.Taint{Key: corev1.TaintNodeDiskPressure, Effect: corev1.TaintEffectNoExecute})
			evicted(ctx, e, ds, pods, e.Nodes[0], e.Nodes[1])
		},
	}
}

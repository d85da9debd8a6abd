package placement

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/site"
)

const (
	controlPlane = "node-role.kubernetes.io/control-plane"
	// master is the control plane's taint of clusters before Kubernetes 1.25.
	master = "node-role.kubernetes.io/master"
)

func controlPlaneNodes() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-020", Area: framework.Placement, Title: "control-plane nodes", Level: framework.Core,
		Behaviour: "Control-plane nodes MUST be left out by a DaemonSet that does not tolerate their taint, and MUST get their pod by one that does.",
		Clauses:   []string{"reference/labels-annotations-taints: node-role.kubernetes.io/control-plane", "concepts/workloads/controllers/daemonset, the toleration in the example"},
		Why: "Agents of the nodes themselves belong on control-plane nodes too, and nothing else does. A controller that knows such nodes by their role " +
			"instead of their taint gets one of the two DaemonSets wrong.",
		Nodes: framework.NodeNeed{All: true},
		Body: func(ctx context.Context, e *framework.Env) {
			nodes := e.History.State().Nodes()
			control := carrying(nodes, controlPlane)
			if len(control) == 0 {
				e.Must(errors.New("no node has it"), "find nodes with taint %s", controlPlane)
			}
			plain := e.CreateDaemonSet(ctx, e.DaemonSet("plain", unscheduled))
			tolerating := e.CreateDaemonSet(ctx, e.DaemonSet("tolerating", tolerates(exists(controlPlane, corev1.TaintEffectNoSchedule))))
			becomes(ctx, e, plain, oracle.Eligible(plain, nodes)...)
			becomesRunning(ctx, e, tolerating, oracle.Eligible(tolerating, nodes)...)
			for _, node := range control {
				e.Check(onlyTolerating(e.History.State(), node), "control-plane node %s has a pod of the tolerating DaemonSet alone", node)
			}
		},
	}
}

// carrying lists the nodes whose only NoSchedule or NoExecute taints are of the key.
func carrying(nodes []*corev1.Node, key string) []string {
	var out []string
	for _, n := range nodes {
		hard := slices.DeleteFunc(slices.Clone(n.Spec.Taints), func(t corev1.Taint) bool { return t.Effect == corev1.TaintEffectPreferNoSchedule })
		foreign := slices.ContainsFunc(hard, func(t corev1.Taint) bool { return t.Key != key })
		if len(hard) > 0 && !foreign {
			out = append(out, n.Name)
		}
	}
	return out
}

func onlyTolerating(s *history.State, node string) error {
	if site.One(s, s.DaemonSet("tolerating"), node) == nil {
		return fmt.Errorf("DaemonSet tolerating does not have one pod on node %s", node)
	}
	if pod := site.One(s, s.DaemonSet("plain"), node); pod != nil {
		return fmt.Errorf("DaemonSet plain has pod %s for node %s", pod.Name, node)
	}
	return nil
}

func masterToleration() framework.Spec {
	return framework.Spec{
		ID: "DS-TOL-013", Area: framework.Placement, Title: "the toleration of the old master taint", Level: framework.Core,
		Behaviour: "A toleration of node-role.kubernetes.io/master MUST NOT change placement where no node has that taint.",
		Clauses:   []string{"reference/labels-annotations-taints: node-role.kubernetes.io/master is deprecated", "Toleration"},
		Why: "Many manifests still carry it. A toleration admits to a taint that is there; a controller that takes it for the control plane's, " +
			"or for a wish to run there, puts a pod on nodes that the DaemonSet does not tolerate.",
		Nodes: framework.NodeNeed{All: true},
		Body: func(ctx context.Context, e *framework.Env) {
			nodes := e.History.State().Nodes()
			if old := slices.IndexFunc(nodes, func(n *corev1.Node) bool { return site.HasTaint(n, master, corev1.TaintEffectNoSchedule) }); old >= 0 {
				e.Must(fmt.Errorf("node %s has it", nodes[old].Name), "find no node with taint %s", master)
			}
			plain := e.CreateDaemonSet(ctx, e.DaemonSet("plain", unscheduled))
			legacy := e.CreateDaemonSet(ctx, e.DaemonSet("legacy", unscheduled, tolerates(exists(master, corev1.TaintEffectNoSchedule))))
			want := oracle.Eligible(plain, nodes)
			becomes(ctx, e, plain, want...)
			becomes(ctx, e, legacy, want...)
		},
	}
}

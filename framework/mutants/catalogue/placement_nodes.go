package catalogue

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/mutants/lens"
	"github.com/dsconform/dsconform/framework/mutants/rig"
)

// controlPlane is the label and the taint of control-plane nodes.
const controlPlane = "node-role.kubernetes.io/control-plane"

// eligibility are defects in what of a node itself decides.
func eligibility() []Mutant {
	return []Mutant{
		{
			ID:         "skips-a-node",
			Notice:     "Of the nodes that a DaemonSet chooses one gets no pod, and is not counted.",
			Clauses:    []string{"DS-PLC-001", "DS-STA-001"},
			Injection:  "view: nodes are judged by templates that exclude the last of them by name",
			ModelledOn: "A page of the list of nodes that is lost, or a loop that ends one too early.",
			Inject: func(s *rig.Setup) {
				lens.Template(s, func(t *corev1.PodTemplateSpec) {
					var chosen []string
					for _, n := range s.Wire.Nodes.All() {
						if chooses(t, n) {
							chosen = append(chosen, n.Name)
						}
					}
					if len(chosen) > 1 {
						alternatives(t, []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{{
							Key: "metadata.name", Operator: corev1.NodeSelectorOpNotIn, Values: chosen[len(chosen)-1:],
						}}}})
					}
				})
			},
		},
		{
			ID:         "needs-ready-node",
			Notice:     "A node that is not Ready gets no pod, not even of a DaemonSet that tolerates its taints: the network waits for the node, and the node for the network.",
			Clauses:    []string{"DS-PLC-015"},
			Injection:  "view: a node without condition Ready=True carries a taint that nobody tolerates",
			ModelledOn: "The controller before 1.10, which looked at conditions.",
			Inject:     leavingOut(func(n *corev1.Node) bool { return !holds(n, corev1.NodeReady) }),
		},
		{
			ID:         "pressure-keeps-pods-off",
			Notice:     "A node whose kubelet reports pressure of disk, memory or processes gets no pod, its toleration notwithstanding.",
			Clauses:    []string{"DS-PLC-015"},
			Injection:  "view: a node with such a condition carries a taint that nobody tolerates",
			ModelledOn: "The controller before 1.10: CheckNodeMemoryPressure and CheckNodeDiskPressure.",
			Inject: leavingOut(func(n *corev1.Node) bool {
				return holds(n, corev1.NodeDiskPressure) || holds(n, corev1.NodeMemoryPressure) || holds(n, corev1.NodePIDPressure)
			}),
		},
		{
			ID:         "skips-cordoned-nodes",
			Notice:     "A cordoned node gets no pod, and one that is deleted there does not come back.",
			Clauses:    []string{"DS-PLC-016", "DS-NOD-009", "DS-NOD-010"},
			Injection:  "view: a node with spec.unschedulable carries a taint that nobody tolerates",
			ModelledOn: "Asking node.Spec.Unschedulable, as the scheduler of old did.",
			Inject:     leavingOut(func(n *corev1.Node) bool { return n.Spec.Unschedulable }),
		},
		{
			ID:         "empties-cordoned-nodes",
			Notice:     "Cordoning a node deletes the pods of all DaemonSets there.",
			Clauses:    []string{"DS-PLC-016", "DS-NOD-009", "DS-NOD-010"},
			Injection:  "view: a node with spec.unschedulable carries a NoExecute taint that nobody tolerates",
			ModelledOn: "Taking unschedulable for a wish to drain.",
			Inject: knowing(func(n *corev1.Node) {
				if n.Spec.Unschedulable {
					n.Spec.Taints = append(n.Spec.Taints, leftOut(corev1.TaintEffectNoExecute))
				}
			}),
		},
		{
			ID:         "skips-control-plane-by-role",
			Notice:     "Control-plane nodes get no pod, not even of a DaemonSet that tolerates their taint.",
			Clauses:    []string{"DS-PLC-020"},
			Injection:  "view: a node with the role's label carries a taint that nobody tolerates",
			ModelledOn: "Knowing control-plane nodes by their label.",
			Inject: leavingOut(func(n *corev1.Node) bool {
				_, is := n.Labels[controlPlane]
				return is
			}),
		},
		{
			ID:         "tolerates-control-plane",
			Notice:     "Every DaemonSet makes pods for control-plane nodes, where they stay Pending.",
			Clauses:    []string{"DS-PLC-020"},
			Injection:  "view: the control plane's taint is not seen",
			ModelledOn: "The example manifest's toleration, built into the controller.",
			Inject: knowing(func(n *corev1.Node) {
				n.Spec.Taints = slices.DeleteFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == controlPlane })
			}),
		},
		{
			ID:         "skips-virtual-nodes",
			Notice:     "Nodes labelled as virtual kubelets get no pod, though nothing in selector or taints excludes them.",
			Clauses:    []string{"DS-PLC-028"},
			Injection:  "view: a node with the label type=virtual-kubelet carries a taint that nobody tolerates",
			ModelledOn: "Special cases of distributions and clouds.",
			Inject:     leavingOut(func(n *corev1.Node) bool { return n.Labels["type"] == "virtual-kubelet" }),
		},
		{
			ID:         "skips-nodes-with-roles",
			Notice:     "A node that is labelled with a role of its own gets no pod.",
			Clauses:    []string{"DS-PLC-028"},
			Injection:  "view: a node with a label node-role.kubernetes.io/... other than the control plane's carries a taint that nobody tolerates",
			ModelledOn: "Taking plain nodes for those without a role.",
			Inject: leavingOut(func(n *corev1.Node) bool {
				for label := range n.Labels {
					if role, ok := strings.CutPrefix(label, "node-role.kubernetes.io/"); ok && role != "control-plane" {
						return true
					}
				}
				return false
			}),
		},
		{
			ID:         "skips-nodes-out-of-balancing",
			Notice:     "Nodes that are excluded from external load balancers get no pod.",
			Clauses:    []string{"DS-PLC-028"},
			Injection:  "view: a node with that label carries a taint that nobody tolerates",
			ModelledOn: "The service controller's choice of nodes, taken over.",
			Inject: leavingOut(func(n *corev1.Node) bool {
				_, is := n.Labels[corev1.LabelNodeExcludeBalancers]
				return is
			}),
		},
	}
}

// leftOut is a taint that no template of anybody names.
func leftOut(effect corev1.TaintEffect) corev1.Taint {
	return corev1.Taint{Key: "mutants.dsconform.dev/left-out", Effect: effect}
}

// leavingOut has the controller take the nodes for ones where no new pod may be,
// but by a DaemonSet that tolerates everything.
func leavingOut(which func(*corev1.Node) bool) inject {
	return knowing(func(n *corev1.Node) {
		if which(n) {
			n.Spec.Taints = append(n.Spec.Taints, leftOut(corev1.TaintEffectNoSchedule))
		}
	})
}

// holds tells whether a node has the condition, and it is true.
func holds(n *corev1.Node, kind corev1.NodeConditionType) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == kind && c.Status == corev1.ConditionTrue
	})
}

package oracle

import (
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// Decision is what a DaemonSet wants of a node.
type Decision struct {
	// Run says that the node must get a pod and counts as desired.
	Run bool
	// Keep says that a pod already there must stay. It differs from Run only on
	// a node with an untolerated NoSchedule taint and no untolerated NoExecute
	// taint: the pod stays, and counts as misscheduled.
	Keep bool
	// Reason says why, in words that complete "node x ...".
	Reason string
}

// Rule is a DaemonSet's placement rule, read once and applied to many nodes.
type Rule struct {
	ds          *appsv1.DaemonSet
	tolerations []corev1.Toleration
	affinity    nodeaffinity.RequiredNodeAffinity
}

// RuleOf reads the placement rule of the DaemonSet's present template.
func RuleOf(ds *appsv1.DaemonSet) *Rule {
	spec := &ds.Spec.Template.Spec
	return &Rule{
		ds: ds, tolerations: Tolerations(ds),
		affinity: nodeaffinity.NewRequiredNodeAffinity(spec.NodeSelector, spec.Affinity),
	}
}

// Decide is RuleOf(ds).Decide(node), for a single node.
func Decide(node *corev1.Node, ds *appsv1.DaemonSet) Decision { return RuleOf(ds).Decide(node) }

// Decide tells what the DaemonSet wants of the node. Only the template's
// nodeName, nodeSelector and required node affinity, and the node's NoSchedule
// and NoExecute taints count. Resources, ports, the Ready condition,
// spec.unschedulable, preferred terms and PreferNoSchedule taints do not.
// (behaviours DS-PLC-001..021, DS-TOL-009..012, DS-CHG-002..004)
func (r *Rule) Decide(node *corev1.Node) Decision {
	spec := &r.ds.Spec.Template.Spec
	if spec.NodeName != "" && spec.NodeName != node.Name {
		return Decision{Reason: fmt.Sprintf("is not the template's nodeName %s", spec.NodeName)}
	}
	// A term that cannot be parsed matches no node, as an empty one does.
	if ok, err := r.affinity.Match(node); err != nil || !ok {
		return Decision{Reason: r.mismatch(node, err)}
	}
	held, evicted := r.untolerated(node)
	switch {
	case evicted != nil:
		return Decision{Reason: fmt.Sprintf("has taint %s, which is not tolerated", evicted.ToString())}
	case held != nil:
		return Decision{Keep: true, Reason: fmt.Sprintf("has taint %s, which is not tolerated: no new pod, but one that is there stays", held.ToString())}
	}
	return Decision{Run: true, Keep: true, Reason: "matches the template's node constraints and has no taint that is not tolerated"}
}

// untolerated gives the first NoSchedule and the first NoExecute taint of the
// node that the pod would not tolerate.
func (r *Rule) untolerated(node *corev1.Node) (noSchedule, noExecute *corev1.Taint) {
	for i := range node.Spec.Taints {
		t := &node.Spec.Taints[i]
		if t.Effect != corev1.TaintEffectNoSchedule && t.Effect != corev1.TaintEffectNoExecute || r.tolerates(t) {
			continue
		}
		if t.Effect == corev1.TaintEffectNoSchedule && noSchedule == nil {
			noSchedule = t
		}
		if t.Effect == corev1.TaintEffectNoExecute && noExecute == nil {
			noExecute = t
		}
	}
	return noSchedule, noExecute
}

func (r *Rule) tolerates(t *corev1.Taint) bool {
	// Operators Lt and Gt count: a cluster without them refuses templates that use them.
	const comparisons = true
	return slices.ContainsFunc(r.tolerations, func(tol corev1.Toleration) bool {
		return tol.ToleratesTaint(klog.Logger{}, t, comparisons)
	})
}

// mismatch names what of the node constraints the node does not meet.
func (r *Rule) mismatch(node *corev1.Node, err error) string {
	if err != nil {
		return fmt.Sprintf("cannot match: the required node affinity is not valid: %v", err)
	}
	selector := r.ds.Spec.Template.Spec.NodeSelector
	for _, k := range slices.Sorted(maps.Keys(selector)) {
		got, ok := node.Labels[k]
		switch {
		case !ok:
			return fmt.Sprintf("lacks label %s=%s of the nodeSelector", k, selector[k])
		case got != selector[k]:
			return fmt.Sprintf("has label %s=%s, the nodeSelector asks for %s", k, got, selector[k])
		}
	}
	return "does not match the required node affinity"
}

// Eligible lists, sorted, the names of the nodes that must run a pod of the DaemonSet.
func Eligible(ds *appsv1.DaemonSet, nodes []*corev1.Node) []string {
	rule := RuleOf(ds)
	var out []string
	for _, n := range nodes {
		if rule.Decide(n).Run {
			out = append(out, n.Name)
		}
	}
	slices.Sort(out)
	return out
}

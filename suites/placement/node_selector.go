package placement

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func nodeSelector() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-002", Area: framework.Placement, Title: "nodeSelector", Level: framework.Core,
		Behaviour: "With a nodeSelector, pods MUST exist on exactly the nodes that carry all of its labels with these values.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Running Pods on select Nodes", "PodSpec.nodeSelector"},
		Why: "The labels are ANDed and compared by value. One node carries both, one carries both keys with another value; " +
			"a controller that compares keys only, or any one label, puts a pod on the second; one that ignores the selector, on every node. " +
			"An empty value is a value: a node without the label does not have it.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			disk, tier := e.Key("disk"), e.Key("tier")
			for _, node := range e.Nodes {
				e.LabelNode(ctx, node, disk, "ssd")
			}
			e.LabelNode(ctx, e.Nodes[0], tier, "front")
			e.LabelNode(ctx, e.Nodes[1], tier, "back")
			ds := e.DaemonSet("selected")
			// These labels are on leased nodes only, so the selector need not name the lease.
			ds.Spec.Template.Spec.NodeSelector = map[string]string{disk: "ssd", tier: "front"}
			running(ctx, e, ds, e.Nodes[0])
			flag := e.Key("flag")
			e.LabelNode(ctx, e.Nodes[1], flag, "")
			placed(ctx, e, e.DaemonSet("selected-by-nothing", unscheduled, fleet.NodeSelector(flag, "")), e.Nodes[1])
		},
	}
}

func affinityOperators() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-003", Area: framework.Placement, Title: "required node affinity", Level: framework.Core,
		Behaviour: "Required node affinity MUST be honoured with every operator, with OR between terms and AND inside a term.",
		Clauses: []string{
			"NodeSelectorRequirement.operator", "NodeSelector.nodeSelectorTerms: the terms are ORed", "NodeSelectorTerm.matchExpressions",
			"concepts/workloads/controllers/daemonset, Running Pods on select Nodes",
		},
		Why: "A DaemonSet's pods go where its affinity matches, decided by the controller before any scheduler sees them. " +
			"A controller that lacks an operator, ANDs the terms, or ORs the expressions gives some row the wrong nodes. " +
			"In with several values is tried in both orders: an old bug (kubernetes#66298) killed and made pods in turns.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			tier, size, flag := e.Key("tier"), e.Key("size"), e.Key("flag")
			gold, silver := e.Nodes[0], e.Nodes[1]
			e.LabelNode(ctx, gold, tier, "gold")
			e.LabelNode(ctx, gold, size, "3")
			e.LabelNode(ctx, gold, flag, "")
			e.LabelNode(ctx, silver, tier, "silver")
			both := e.Nodes
			none := []string{}
			one := func(r corev1.NodeSelectorRequirement) fleet.Change { return requires(allOf(r)) }
			isGold, sized := expr(tier, corev1.NodeSelectorOpIn, "gold"), expr(size, corev1.NodeSelectorOpExists)
			unsized := expr(size, corev1.NodeSelectorOpDoesNotExist)
			table(ctx, e, "every DaemonSet of the table has exactly the nodes that its affinity matches", []row{
				{"in", one(isGold), []string{gold}},
				{"in-several", one(expr(tier, corev1.NodeSelectorOpIn, "gold", "silver")), both},
				{"in-several-reversed", one(expr(tier, corev1.NodeSelectorOpIn, "silver", "gold")), both},
				{"in-empty-value", one(expr(flag, corev1.NodeSelectorOpIn, "")), []string{gold}},
				{"in-nearly", one(expr(tier, corev1.NodeSelectorOpIn, "Gold", "gol", "golden")), none},
				{"not-in", one(expr(tier, corev1.NodeSelectorOpNotIn, "gold")), []string{silver}},
				{"not-in-several", one(expr(tier, corev1.NodeSelectorOpNotIn, "bronze", "gold", "silver")), none},
				{"not-in-absent-key", one(expr(size, corev1.NodeSelectorOpNotIn, "3")), []string{silver}},
				{"exists", one(sized), []string{gold}},
				{"does-not-exist", one(unsized), []string{silver}},
				{"exists-without-value", one(expr(flag, corev1.NodeSelectorOpExists)), []string{gold}},
				{"does-not-exist-or-has-no-value", one(expr(flag, corev1.NodeSelectorOpDoesNotExist)), []string{silver}},
				{"gt-below", one(expr(size, corev1.NodeSelectorOpGt, "2")), []string{gold}},
				{"gt-equal", one(expr(size, corev1.NodeSelectorOpGt, "3")), none},
				{"lt-above", one(expr(size, corev1.NodeSelectorOpLt, "10")), []string{gold}},
				{"lt-equal", one(expr(size, corev1.NodeSelectorOpLt, "3")), none},
				{"terms-are-ored", requires(allOf(isGold), allOf(unsized)), both},
				{"expressions-are-anded", requires(allOf(isGold, unsized)), none},
				{"anded-and-met", requires(allOf(isGold, sized)), []string{gold}},
			})
		},
	}
}

func affinityByName() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-004", Area: framework.Placement, Title: "required node affinity by node name", Level: framework.Core,
		Behaviour: "A required term with matchFields on metadata.name MUST be honoured, alone and ORed with terms over labels.",
		Clauses:   []string{"NodeSelectorTerm.matchFields", "NodeSelector.nodeSelectorTerms: the terms are ORed"},
		Why: "The controller itself pins pods by this field, and may not mistake the template's own use of it for its own mark. " +
			"One that reads labels only gives such a DaemonSet no node, or every node.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			label := e.Key("tier")
			first, second := e.Nodes[0], e.Nodes[1]
			e.LabelNode(ctx, second, label, "gold")
			labelled := expr(label, corev1.NodeSelectorOpIn, "gold")
			contradiction := named(corev1.NodeSelectorOpIn, first)
			contradiction.MatchExpressions = []corev1.NodeSelectorRequirement{labelled}
			table(ctx, e, "every DaemonSet of the table has exactly the nodes that its terms name or match", []row{
				{"in", requires(named(corev1.NodeSelectorOpIn, first)), []string{first}},
				{"not-in", requires(named(corev1.NodeSelectorOpNotIn, first)), []string{second}},
				{"name-or-label", requires(named(corev1.NodeSelectorOpIn, first), allOf(labelled)), e.Nodes},
				{"name-and-label", requires(contradiction), nil},
			})
		},
	}
}

func selectorAndAffinity() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-005", Area: framework.Placement, Title: "nodeSelector and affinity are ANDed", Level: framework.Core,
		Behaviour: "A node MUST match both nodeSelector and required node affinity to get a pod, where both are given.",
		Clauses:   []string{"concepts/scheduling-eviction/assign-pod-node: if you specify both nodeSelector and nodeAffinity, both must be satisfied"},
		Why:       "Each DaemonSet has one condition that both nodes meet and one that only the first meets. A controller that looks at one of the two, or ORs them, takes the second node too.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			wide, narrow := e.Key("wide"), e.Key("narrow")
			for _, node := range e.Nodes {
				e.LabelNode(ctx, node, wide, "true")
			}
			e.LabelNode(ctx, e.Nodes[0], narrow, "true")
			has := func(key string) fleet.Change {
				return requires(allOf(expr(key, corev1.NodeSelectorOpExists)))
			}
			table(ctx, e, "only the node that meets both conditions has pods", []row{
				{"narrow-affinity", changed(fleet.NodeSelector(wide, "true"), has(narrow)), e.Nodes[:1]},
				{"narrow-selector", changed(fleet.NodeSelector(narrow, "true"), has(wide)), e.Nodes[:1]},
			})
		},
	}
}

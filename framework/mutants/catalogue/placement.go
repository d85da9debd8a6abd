package catalogue

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// placement are defects in which nodes get a pod, by whom the pods are bound,
// and how many there are of them.
func placement() []Mutant {
	return slices.Concat(selection(), affinity(), eligibility(), binding(), duplicates())
}

// selection are defects in the template's nodeSelector and nodeName.
func selection() []Mutant {
	return []Mutant{
		{
			ID:         "ignores-node-selector",
			Notice:     "Pods are created for nodes that the nodeSelector leaves out, and stay Pending there.",
			Clauses:    []string{"DS-PLC-002", "DS-CHG-002", "DS-PLC-005"},
			Injection:  "view: nodes are judged by templates without nodeSelector",
			ModelledOn: "Judging nodes by required affinity alone, as the newer of the two fields.",
			Inject:     deciding(func(t *corev1.PodTemplateSpec) { t.Spec.NodeSelector = nil }),
		},
		{
			ID:         "node-selector-by-key",
			Notice:     "A node gets a pod if it has the label of the nodeSelector, whatever its value.",
			Clauses:    []string{"DS-PLC-002", "DS-CHG-002"},
			Injection:  "view: nodes are judged by the keys of the nodeSelector",
			ModelledOn: "Asking a map whether the key is there and dropping what it holds.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				for k := range t.Spec.NodeSelector {
					demand(t, corev1.NodeSelectorRequirement{Key: k, Operator: corev1.NodeSelectorOpExists})
				}
				t.Spec.NodeSelector = nil
			}),
		},
		{
			ID:         "node-selector-any-label",
			Notice:     "A node gets a pod if one label of the nodeSelector matches, though another does not.",
			Clauses:    []string{"DS-PLC-002"},
			Injection:  "view: nodes are judged by each label of the nodeSelector alone",
			ModelledOn: "A loop that returns true at the first label that matches.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				if len(t.Spec.NodeSelector) < 2 {
					return
				}
				var either []corev1.NodeSelectorTerm
				for k, v := range t.Spec.NodeSelector {
					either = append(either, term(corev1.NodeSelectorRequirement{Key: k, Operator: corev1.NodeSelectorOpIn, Values: []string{v}}))
				}
				t.Spec.NodeSelector = nil
				alternatives(t, either)
			}),
		},
		{
			ID:         "selector-or-affinity",
			Notice:     "Where a template has both nodeSelector and required affinity, nodes that match only one of them get a pod too.",
			Clauses:    []string{"DS-PLC-005"},
			Injection:  "view: the nodeSelector is one more term of the required affinity",
			ModelledOn: "Turning a nodeSelector into a node affinity term, and appending it to terms that are ORed.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				r := required(t)
				if r == nil || len(t.Spec.NodeSelector) == 0 {
					return
				}
				var all []corev1.NodeSelectorRequirement
				for k, v := range t.Spec.NodeSelector {
					all = append(all, corev1.NodeSelectorRequirement{Key: k, Operator: corev1.NodeSelectorOpIn, Values: []string{v}})
				}
				r.NodeSelectorTerms = append(r.NodeSelectorTerms, term(all...))
				t.Spec.NodeSelector = nil
			}),
		},
		{
			ID:         "affinity-replaces-selector",
			Notice:     "Where a template has both nodeSelector and required affinity, the nodeSelector counts for nothing.",
			Clauses:    []string{"DS-PLC-005"},
			Injection:  "view: templates with required affinity have no nodeSelector",
			ModelledOn: "An else where both conditions have to be looked at.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				if required(t) != nil {
					t.Spec.NodeSelector = nil
				}
			}),
		},
		{
			ID:         "ignores-template-node-name",
			Notice:     "A template with nodeName gives a pod for every node, all of them on that one.",
			Clauses:    []string{"DS-PLC-011", "DS-PLC-012"},
			Injection:  "view: nodes are judged by templates without nodeName",
			ModelledOn: "Leaving out the first check of nodeShouldRunDaemonPod, because the scheduler is said to bind all pods.",
			Inject:     deciding(func(t *corev1.PodTemplateSpec) { t.Spec.NodeName = "" }),
		},
		{
			ID:         "node-name-beats-selector",
			Notice:     "A template with nodeName gives a pod there although its nodeSelector or affinity leaves that node out.",
			Clauses:    []string{"DS-PLC-012"},
			Injection:  "view: templates with nodeName have neither nodeSelector nor affinity",
			ModelledOn: "Taking nodeName for an order and returning before the other conditions are looked at.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				if t.Spec.NodeName != "" {
					t.Spec.NodeSelector, t.Spec.Affinity = nil, nil
				}
			}),
		},
		{
			ID:         "only-first-template-chooses",
			Notice:     "A change of the template's nodeSelector or affinity moves no pods: the nodes of the first template stay the chosen ones.",
			Clauses:    []string{"DS-CHG-011", "DS-RUS-012", "DS-TRB-001"},
			Injection:  "view: nodes are judged by the nodeSelector and affinity with which a DaemonSet was first seen",
			ModelledOn: "Parsing the node affinity once for each DaemonSet and keeping it by UID, not by generation.",
			Inject:     firstTemplateChooses(),
		},
	}
}

// required is the required node affinity of a template; nil if there is none.
func required(t *corev1.PodTemplateSpec) *corev1.NodeSelector {
	if a := t.Spec.Affinity; a != nil && a.NodeAffinity != nil {
		return a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	}
	return nil
}

// require gives a template a required node affinity in place of the one it has.
func require(t *corev1.PodTemplateSpec, r *corev1.NodeSelector) {
	if t.Spec.Affinity == nil {
		t.Spec.Affinity = &corev1.Affinity{}
	}
	if t.Spec.Affinity.NodeAffinity == nil {
		t.Spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	t.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = r
}

// demand adds a requirement to all that a template requires of nodes.
func demand(t *corev1.PodTemplateSpec, more corev1.NodeSelectorRequirement) {
	alternatives(t, []corev1.NodeSelectorTerm{term(more)})
}

// alternatives adds to all that a template requires of nodes that one of the
// terms is met.
func alternatives(t *corev1.PodTemplateSpec, either []corev1.NodeSelectorTerm) {
	r := required(t)
	if r == nil {
		require(t, &corev1.NodeSelector{NodeSelectorTerms: either})
		return
	}
	var both []corev1.NodeSelectorTerm
	for _, have := range r.NodeSelectorTerms {
		for _, more := range either {
			if len(have.MatchExpressions)+len(have.MatchFields) == 0 {
				continue // it matches nothing, and goes on doing so
			}
			c := *have.DeepCopy()
			c.MatchExpressions = append(c.MatchExpressions, more.MatchExpressions...)
			c.MatchFields = append(c.MatchFields, more.MatchFields...)
			both = append(both, c)
		}
	}
	r.NodeSelectorTerms = both
}

func term(all ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: all}
}

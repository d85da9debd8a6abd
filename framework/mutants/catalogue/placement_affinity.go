package catalogue

import (
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/mutants/lens"
	"github.com/dsconform/dsconform/framework/mutants/rig"
)

// affinity are defects in the template's node affinity.
func affinity() []Mutant {
	return []Mutant{
		{
			ID:         "ignores-required-affinity",
			Notice:     "Pods are created for nodes that the required node affinity leaves out, and stay Pending there.",
			Clauses:    []string{"DS-PLC-003", "DS-PLC-004", "DS-PLC-005"},
			Injection:  "view: nodes are judged by templates without required affinity",
			ModelledOn: "A controller that knows nodeSelector only, as those written before node affinity.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				if required(t) != nil {
					require(t, nil)
				}
			}),
		},
		{
			ID:         "ignores-match-fields",
			Notice:     "A term of the node affinity that names a node by metadata.name is not honoured: its pods are missing.",
			Clauses:    []string{"DS-PLC-004"},
			Injection:  "view: nodes are judged by terms without matchFields",
			ModelledOn: "Matching labels only: matchFields came later, with KEP-548 itself.",
			Inject:     eachTerm(func(t *corev1.NodeSelectorTerm) { t.MatchFields = nil }),
		},
		{
			ID:         "match-fields-match-all",
			Notice:     "A required term with matchFields alone lets every node have a pod.",
			Clauses:    []string{"DS-PLC-004"},
			Injection:  "view: a term with nothing but matchFields is met by every node",
			ModelledOn: "A loop over matchExpressions that finds nothing against the node.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				r := required(t)
				if r == nil {
					return
				}
				for _, have := range r.NodeSelectorTerms {
					if len(have.MatchExpressions) == 0 && len(have.MatchFields) > 0 {
						require(t, nil)
						return
					}
				}
			}),
		},
		{
			ID:         "terms-are-anded",
			Notice:     "A node must meet all terms of the required node affinity: pods are missing where only one is met.",
			Clauses:    []string{"DS-PLC-003"},
			Injection:  "view: all terms are one",
			ModelledOn: "The commonest misreading of nodeSelectorTerms.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				r := required(t)
				if r == nil {
					return
				}
				var all corev1.NodeSelectorTerm
				for _, have := range r.NodeSelectorTerms {
					all.MatchExpressions = append(all.MatchExpressions, have.MatchExpressions...)
					all.MatchFields = append(all.MatchFields, have.MatchFields...)
				}
				r.NodeSelectorTerms = []corev1.NodeSelectorTerm{all}
			}),
		},
		{
			ID:         "expressions-are-ored",
			Notice:     "A node that meets one expression of a required term gets a pod though it does not meet the others.",
			Clauses:    []string{"DS-PLC-003"},
			Injection:  "view: every expression is a term of its own",
			ModelledOn: "Returning true from the inner of two loops.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				r := required(t)
				if r == nil {
					return
				}
				var each []corev1.NodeSelectorTerm
				for _, have := range r.NodeSelectorTerms {
					for _, e := range have.MatchExpressions {
						each = append(each, term(e))
					}
					for _, f := range have.MatchFields {
						each = append(each, corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{f}})
					}
				}
				r.NodeSelectorTerms = each
			}),
		},
		{
			ID:         "first-term-only",
			Notice:     "Nodes that meet the second term of the required node affinity get no pod.",
			Clauses:    []string{"DS-PLC-003"},
			Injection:  "view: only the first term is there",
			ModelledOn: "nodeSelectorTerms[0], because there is one in every example.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				if r := required(t); r != nil && len(r.NodeSelectorTerms) > 1 {
					r.NodeSelectorTerms = r.NodeSelectorTerms[:1]
				}
			}),
		},
		{
			ID:         "not-in-needs-label",
			Notice:     "A node without the label that an expression NotIn is about gets no pod.",
			Clauses:    []string{"DS-PLC-003"},
			Injection:  "view: NotIn demands the label as well",
			ModelledOn: "Looking the label up first, and giving up where it is missing.",
			Inject: eachTerm(func(t *corev1.NodeSelectorTerm) {
				for _, e := range t.MatchExpressions {
					if e.Operator == corev1.NodeSelectorOpNotIn {
						t.MatchExpressions = append(t.MatchExpressions, corev1.NodeSelectorRequirement{Key: e.Key, Operator: corev1.NodeSelectorOpExists})
					}
				}
			}),
		},
		{
			ID:         "not-in-first-value",
			Notice:     "Of the values that an expression NotIn rules out only the first counts.",
			Clauses:    []string{"DS-PLC-003"},
			Injection:  "view: NotIn has its first value alone",
			ModelledOn: "An expression written as key!=value.",
			Inject: eachTerm(func(t *corev1.NodeSelectorTerm) {
				for i, e := range t.MatchExpressions {
					if e.Operator == corev1.NodeSelectorOpNotIn {
						t.MatchExpressions[i].Values = e.Values[:1]
					}
				}
			}),
		},
		{
			ID:         "absent-label-is-empty",
			Notice:     "A nodeSelector for an empty value puts pods on nodes that do not have the label, where they stay Pending.",
			Clauses:    []string{"DS-PLC-002"},
			Injection:  "view: the nodeSelector lacks what it wants to be empty",
			ModelledOn: "node.Labels[key] != value, which a label that is not there passes.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				maps.DeleteFunc(t.Spec.NodeSelector, func(_, value string) bool { return value == "" })
			}),
		},
		{
			ID:         "absent-label-is-empty-in-affinity",
			Notice:     "An expression In that allows the empty value puts pods on nodes that do not have the label.",
			Clauses:    []string{"DS-PLC-003"},
			Injection:  "view: In that allows the empty value is not there",
			ModelledOn: "slices.Contains(values, node.Labels[key]).",
			Inject: eachTerm(func(t *corev1.NodeSelectorTerm) {
				for i, e := range t.MatchExpressions {
					if e.Operator == corev1.NodeSelectorOpIn && slices.Contains(e.Values, "") {
						// Met with the label and without it.
						t.MatchExpressions[i] = corev1.NodeSelectorRequirement{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpExists}
					}
				}
			}),
		},
		{
			ID:         "exists-wants-value",
			Notice:     "A node whose label has an empty value gets no pod though the affinity only asks that the label exists.",
			Clauses:    []string{"DS-PLC-003"},
			Injection:  "view: Exists is met by values that are not empty",
			ModelledOn: "labels[key] != \"\" where the second result of the lookup is meant.",
			Inject: eachTerm(func(t *corev1.NodeSelectorTerm) {
				for _, e := range t.MatchExpressions {
					if e.Operator == corev1.NodeSelectorOpExists {
						t.MatchExpressions = append(t.MatchExpressions, corev1.NodeSelectorRequirement{
							Key: e.Key, Operator: corev1.NodeSelectorOpNotIn, Values: []string{""},
						})
					}
				}
			}),
		},
		{
			ID:         "ignores-does-not-exist",
			Notice:     "Nodes that have the label get a pod though the affinity asks that it does not exist.",
			Clauses:    []string{"DS-PLC-003"},
			Injection:  "view: expressions DoesNotExist are dropped",
			ModelledOn: "A switch over operators without a case for it.",
			Inject:     without(corev1.NodeSelectorOpDoesNotExist),
		},
		{
			ID:         "ignores-gt-and-lt",
			Notice:     "Nodes get a pod whatever number their label has, though the affinity asks for more (Gt) or less (Lt).",
			Clauses:    []string{"DS-PLC-003"},
			Injection:  "view: expressions Gt and Lt are dropped",
			ModelledOn: "A switch over operators without a case for them.",
			Inject:     without(corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt),
		},
		{
			ID:         "gt-includes-equal",
			Notice:     "A node whose label is just the number gets a pod though the affinity asks for more than it.",
			Clauses:    []string{"DS-PLC-003"},
			Injection:  "view: Gt is also met by the number itself",
			ModelledOn: "Greater than, read as at least.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				r := required(t)
				if r == nil {
					return
				}
				for _, have := range slices.Clone(r.NodeSelectorTerms) {
					for i, e := range have.MatchExpressions {
						if e.Operator == corev1.NodeSelectorOpGt {
							c := *have.DeepCopy()
							c.MatchExpressions[i].Operator = corev1.NodeSelectorOpIn
							r.NodeSelectorTerms = append(r.NodeSelectorTerms, c)
						}
					}
				}
			}),
		},
		{
			ID:         "preferred-is-required",
			Notice:     "Nodes that do not meet the preferred node affinity get no pod.",
			Clauses:    []string{"DS-PLC-007"},
			Injection:  "view: preferred terms are required",
			ModelledOn: "Walking over all node affinity terms alike.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				if a := t.Spec.Affinity; a != nil && a.NodeAffinity != nil {
					for _, p := range a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
						alternatives(t, []corev1.NodeSelectorTerm{p.Preference})
					}
				}
			}),
		},
		{
			ID:         "empty-term-matches-all",
			Notice:     "A required node affinity with an empty term gives pods on every node instead of none.",
			Clauses:    []string{"DS-PLC-006"},
			Injection:  "view: a required affinity with an empty term is none",
			ModelledOn: "No condition, hence met: the rule for empty label selectors, which is not that for terms.",
			Inject: deciding(func(t *corev1.PodTemplateSpec) {
				r := required(t)
				if r == nil {
					return
				}
				for _, have := range r.NodeSelectorTerms {
					if len(have.MatchExpressions)+len(have.MatchFields) == 0 {
						require(t, nil)
						return
					}
				}
			}),
		},
	}
}

// eachTerm has nodes be judged by terms as change leaves them.
func eachTerm(change func(*corev1.NodeSelectorTerm)) inject {
	return deciding(func(t *corev1.PodTemplateSpec) {
		if r := required(t); r != nil {
			for i := range r.NodeSelectorTerms {
				change(&r.NodeSelectorTerms[i])
			}
		}
	})
}

// without has nodes be judged as if expressions with these operators were met.
func without(operators ...corev1.NodeSelectorOperator) inject {
	return eachTerm(func(t *corev1.NodeSelectorTerm) {
		before := len(t.MatchExpressions)
		t.MatchExpressions = slices.DeleteFunc(t.MatchExpressions, func(e corev1.NodeSelectorRequirement) bool {
			return slices.Contains(operators, e.Operator)
		})
		if before > 0 && len(t.MatchExpressions)+len(t.MatchFields) == 0 {
			// A term without any condition is met by nothing: let it be met by everything.
			t.MatchExpressions = []corev1.NodeSelectorRequirement{{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpExists}}
		}
	})
}

// firstTemplateChooses has nodes be judged by how a DaemonSet chose them when it
// was first seen.
func firstTemplateChooses() inject {
	return func(s *rig.Setup) {
		var mu sync.Mutex
		first := map[types.UID]corev1.PodSpec{}
		lens.TemplateOf(s, func(owner types.UID, t *corev1.PodTemplateSpec) {
			mu.Lock()
			defer mu.Unlock()
			was, ok := first[owner]
			if !ok {
				was = *t.Spec.DeepCopy()
				if owner != "" {
					first[owner] = was
				}
			}
			t.Spec.NodeSelector, t.Spec.Affinity = was.NodeSelector, was.Affinity
		})
	}
}

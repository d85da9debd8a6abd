package catalogue

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/mutants/rig"
)

// selecting are defects in which part of the selector counts.
func selecting() []Mutant {
	return append(unknownOperators(), []Mutant{
		{
			ID:         "selects-by-labels-alone",
			Notice:     "Pods that fail the selector's matchExpressions are adopted, and those that come to fail them stay the DaemonSet's.",
			Clauses:    []string{"DS-OWN-019"},
			Injection:  "view: selectors have no matchExpressions",
			ModelledOn: "labels.SelectorFromSet(selector.MatchLabels), where LabelSelectorAsSelector is needed.",
			Inject:     taking(func(ds *appsv1.DaemonSet) { ds.Spec.Selector.MatchExpressions = nil }),
		},
		{
			ID:         "selects-by-expressions-alone",
			Notice:     "Where the selector has matchExpressions its matchLabels count for nothing.",
			Clauses:    []string{"DS-OWN-019"},
			Injection:  "view: selectors with matchExpressions have no matchLabels",
			ModelledOn: "Reading one form of the selector if it is there, else the other.",
			Inject: taking(func(ds *appsv1.DaemonSet) {
				if len(ds.Spec.Selector.MatchExpressions) > 0 {
					ds.Spec.Selector.MatchLabels = nil
				}
			}),
		},
		{
			ID:         "selects-by-one-label",
			Notice:     "Of a selector with several labels only the first counts: pods that share it alone are adopted.",
			Clauses:    []string{"DS-OWN-019"},
			Injection:  "view: selectors have the first of their matchLabels alone",
			ModelledOn: "Finding pods by an index on app.",
			Inject: taking(func(ds *appsv1.DaemonSet) {
				for _, key := range slices.Sorted(maps.Keys(ds.Spec.Selector.MatchLabels))[min(1, len(ds.Spec.Selector.MatchLabels)):] {
					delete(ds.Spec.Selector.MatchLabels, key)
				}
			}),
		},
		{
			ID:         "selects-absent-for-empty",
			Notice:     "A selector for an empty value takes pods that do not have the label.",
			Clauses:    []string{"DS-OWN-019"},
			Injection:  "view: matchLabels lack what they want to be empty",
			ModelledOn: "pod.Labels[key] != value, which a label that is not there passes.",
			Inject: taking(func(ds *appsv1.DaemonSet) {
				maps.DeleteFunc(ds.Spec.Selector.MatchLabels, func(_, value string) bool { return value == "" })
			}),
		},
		{
			ID:         "selects-by-template-labels",
			Notice:     "A pod that matches the selector is not adopted if it lacks a label of the template, and one that loses such a label is let go.",
			Clauses:    []string{"DS-OWN-019"},
			Injection:  "view: the selector is that of the template's labels",
			ModelledOn: "extensions/v1beta1, where the selector was the template's labels.",
			Inject: taking(func(ds *appsv1.DaemonSet) {
				ds.Spec.Selector = &metav1.LabelSelector{MatchLabels: maps.Clone(ds.Spec.Template.Labels)}
			}),
		},
		{
			ID:         "selects-by-first-value",
			Notice:     "Of the values that an expression In allows only the first counts.",
			Clauses:    []string{"DS-OWN-019"},
			Injection:  "view: expressions In have their first value alone",
			ModelledOn: "An expression written as key=value.",
			Inject: requiring(metav1.LabelSelectorOpIn, func(r metav1.LabelSelectorRequirement) []metav1.LabelSelectorRequirement {
				r.Values = r.Values[:1]
				return []metav1.LabelSelectorRequirement{r}
			}),
		},
		{
			ID:         "not-in-needs-label-in-selectors",
			Notice:     "A pod without the label that an expression NotIn is about does not match: the DaemonSet lets go of its own pods and makes more of them, without end.",
			Clauses:    []string{"DS-OWN-019"},
			Injection:  "view: each expression NotIn stands beside one Exists of its key",
			ModelledOn: "labels[key] != value, with ok required.",
			Inject: requiring(metav1.LabelSelectorOpNotIn, func(r metav1.LabelSelectorRequirement) []metav1.LabelSelectorRequirement {
				return []metav1.LabelSelectorRequirement{r, {Key: r.Key, Operator: metav1.LabelSelectorOpExists}}
			}),
		},
		{
			ID:         "never-releases-revisions",
			Notice:     "A revision whose labels no longer match the selector stays in the history, and is pruned with it.",
			Clauses:    []string{"DS-OWN-015"},
			Injection:  "view: revisions with a controller have its selector's labels",
			ModelledOn: "Listing revisions by controllerRef alone.",
			Inject:     keepingRevisions,
		},
	}...)
}

// unknownOperators are those of expressions that a controller may not know.
func unknownOperators() []Mutant {
	var out []Mutant
	for _, o := range []struct {
		id, notice string
		op         metav1.LabelSelectorOperator
	}{
		{"not-in", "Pods with a label value that the selector rules out are adopted.", metav1.LabelSelectorOpNotIn},
		{"exists", "Pods that lack a label which the selector wants to exist are adopted.", metav1.LabelSelectorOpExists},
		{"does-not-exist", "Pods with a label that the selector does not allow are adopted.", metav1.LabelSelectorOpDoesNotExist},
	} {
		out = append(out, Mutant{
			ID:         "selects-without-" + o.id,
			Notice:     o.notice,
			Clauses:    []string{"DS-OWN-019"},
			Injection:  "view: selectors have no expressions " + string(o.op),
			ModelledOn: "A switch over the operators that ends in default: continue.",
			Inject: requiring(o.op, func(metav1.LabelSelectorRequirement) []metav1.LabelSelectorRequirement {
				return nil
			}),
		})
	}
	return out
}

// requiring has the controller take each expression of the operator for what
// change makes of it.
func requiring(op metav1.LabelSelectorOperator, change func(metav1.LabelSelectorRequirement) []metav1.LabelSelectorRequirement) inject {
	return taking(func(ds *appsv1.DaemonSet) {
		var out []metav1.LabelSelectorRequirement
		for _, r := range ds.Spec.Selector.MatchExpressions {
			if r.Operator == op {
				out = append(out, change(r)...)
			} else {
				out = append(out, r)
			}
		}
		ds.Spec.Selector.MatchExpressions = out
	})
}

// keepingRevisions shows a revision as if the selector of its DaemonSet still met it.
func keepingRevisions(s *rig.Setup) {
	s.Wire.Revisions.See(func(cr *appsv1.ControllerRevision) bool {
		for _, ds := range s.Wire.DaemonSets.All() {
			if metav1.IsControlledBy(cr, ds) && cr.Labels != nil {
				maps.Copy(cr.Labels, ds.Spec.Selector.MatchLabels)
			}
		}
		return true
	})
}

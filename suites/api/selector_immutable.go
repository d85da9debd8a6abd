package api

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/answer"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func selectorImmutable() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-003",
		Area:      framework.API,
		Title:     "the selector cannot be changed",
		Behaviour: "An update or patch of spec.selector MUST be rejected as invalid, even one that selects the same pods as before.",
		Clauses:   []string{fieldSelector, "concepts/workloads/controllers/daemonset, Pod Selector: .spec.selector can not be mutated", sourceUpdate},
		Level:     framework.Core,
		Why: "Pods that the new selector no longer matches would be left behind on every node, with nobody to update or remove them. " +
			"Whether two selectors mean the same is not asked: a redundant expression is a change too.",
		Body: func(ctx context.Context, e *framework.Env) {
			before := accepts(ctx, e, row{name: name, change: podLabels(map[string]string{"app": name, "tier": "node"})})[name]
			var problems []error
			judge := func(what string, err error) {
				if wrong := answer.Invalid(err, metav1.CauseTypeFieldValueInvalid, "spec.selector"); wrong != nil {
					problems = append(problems, fmt.Errorf("%s: %w", what, wrong))
				}
			}
			for _, update := range []struct {
				what   string
				change fleet.Change
			}{
				{"another label of the template", func(ds *appsv1.DaemonSet) { ds.Spec.Selector.MatchLabels["tier"] = "node" }},
				{"a redundant expression", func(ds *appsv1.DaemonSet) {
					ds.Spec.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpExists}}
				}},
				{"selector and template together", func(ds *appsv1.DaemonSet) {
					ds.Spec.Selector.MatchLabels["app"] = "renamed"
					ds.Spec.Template.Labels["app"] = "renamed"
				}},
			} {
				_, err := put(ctx, e, update.change)
				judge("an update, "+update.what, err)
			}
			_, err := client(e).Patch(ctx, name, types.MergePatchType, []byte(`{"spec":{"selector":{"matchLabels":{"tier":"node"}}}}`), metav1.PatchOptions{})
			e.Must(answer.Unanswered(err), "patch DaemonSet %s", name)
			judge("a patch, another label of the template", err)
			e.Check(errors.Join(problems...), "each change of the selector is refused as invalid (422), with the field spec.selector")

			_, err = put(ctx, e, fleet.MinReadySeconds(1))
			e.Check(err, "an update that leaves the selector alone is accepted")
			now := get(ctx, e, name).Spec.Selector
			e.That(equality.Semantic.DeepEqual(now, before.Spec.Selector), "the selector is the one of the creation", "it is %v after %v", now, before.Spec.Selector)
		},
	}
}

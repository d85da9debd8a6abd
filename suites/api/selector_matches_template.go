package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/answer"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func selectorMatchesTemplate() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-002",
		Area:      framework.API,
		Title:     "the selector must match the template",
		Behaviour: "A DaemonSet whose selector does not match its template's labels MUST be rejected as invalid on creation and on update, with the field spec.template.metadata.labels.",
		Clauses:   []string{fieldSelector + " (it must match the pod template's labels)", "concepts/workloads/controllers/daemonset, Pod Selector: config with these two not matching will be rejected", sourceCreate},
		Level:     framework.Core,
		Why: "The controller would not know its own pods again: it would release each pod it makes and make another, without end. " +
			"So it may not come about later either, by an update of the template.",
		Body: func(ctx context.Context, e *framework.Env) {
			const field = "spec.template.metadata.labels"
			refuses(ctx, e,
				row{"other-value", podLabels(map[string]string{"app": "another"}), metav1.CauseTypeFieldValueInvalid, field},
				row{"no-labels", podLabels(nil), metav1.CauseTypeFieldValueInvalid, field},
				row{"one-of-two", selects(&metav1.LabelSelector{MatchLabels: map[string]string{"app": "one-of-two", "tier": "node"}}), metav1.CauseTypeFieldValueInvalid, field},
				row{"excluded", selects(&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
					{Key: "app", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"excluded"}},
				}}), metav1.CauseTypeFieldValueInvalid, field},
			)
			accepts(ctx, e, row{name: name, change: podLabels(map[string]string{"app": name, "more": "than-selected"})})

			_, err := put(ctx, e, podLabels(map[string]string{"more": "than-selected"}))
			e.Check(answer.Invalid(err, metav1.CauseTypeFieldValueInvalid, field), "an update that takes the selected label from the template is refused")
			labels := get(ctx, e, name).Spec.Template.Labels
			e.That(labels["app"] == name, "the refused update changed nothing", "the template's labels are %v", labels)
		},
	}
}

// podLabels gives the template the labels.
func podLabels(labels map[string]string) fleet.Change {
	return func(ds *appsv1.DaemonSet) { ds.Spec.Template.Labels = labels }
}

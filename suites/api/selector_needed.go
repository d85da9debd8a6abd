package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func selectorNeeded() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-001",
		Area:      framework.API,
		Title:     "a DaemonSet needs a selector",
		Behaviour: "A DaemonSet whose selector is missing or empty MUST be rejected as invalid (422).",
		Clauses:   []string{fieldSelector + " (required)", "concepts/workloads/controllers/daemonset, Pod Selector", sourceCreate},
		Level:     framework.Core,
		Why: "An empty selector matches every pod: the controller would adopt all of the namespace. One that is missing matches none, " +
			"and released Kubernetes then complains of the template's labels. Until apps/v1 it was filled in, so old manifests lack it.",
		Body: func(ctx context.Context, e *framework.Env) {
			refuses(ctx, e,
				row{"missing", selects(nil), metav1.CauseTypeFieldValueInvalid, "spec.template.metadata.labels"},
				row{"empty", selects(&metav1.LabelSelector{}), metav1.CauseTypeFieldValueInvalid, "spec.selector"},
			)
			accepts(ctx, e,
				row{name: "labels", change: selects(&metav1.LabelSelector{MatchLabels: map[string]string{"app": "labels"}})},
				row{name: "expressions", change: selects(&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
					{Key: "app", Operator: metav1.LabelSelectorOpExists},
				}})},
			)
		},
	}
}

// selects gives the DaemonSet the selector.
func selects(selector *metav1.LabelSelector) fleet.Change {
	return func(ds *appsv1.DaemonSet) { ds.Spec.Selector = selector }
}

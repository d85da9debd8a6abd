package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func strategyTypes() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-007",
		Area:      framework.API,
		Title:     "there are two update strategies",
		Behaviour: "updateStrategy.type MUST be RollingUpdate or OnDelete; any other, Recreate included, MUST be rejected as invalid.",
		Clauses:   []string{fieldStrategy + ".type", "tasks/manage-daemon/update-daemon-set: two update strategy types", "pkg/apis/apps/validation: ValidateDaemonSetUpdateStrategy"},
		Level:     framework.Core,
		Why: "Recreate is a Deployment's. A type that is stored though nobody knows it is read by each controller as it likes: " +
			"updates then roll where none were wanted, or never reach a node.",
		Body: func(ctx context.Context, e *framework.Env) {
			refuses(ctx, e,
				row{"recreate", strategyType("Recreate"), metav1.CauseTypeFieldValueNotSupported, "spec.updateStrategy"},
				row{"lower-case", strategyType("rollingUpdate"), metav1.CauseTypeFieldValueNotSupported, "spec.updateStrategy"},
			)
			got := accepts(ctx, e,
				row{name: "rolling-update", change: strategyType(appsv1.RollingUpdateDaemonSetStrategyType)},
				row{name: "on-delete", change: strategyType(appsv1.OnDeleteDaemonSetStrategyType)},
			)
			kept := got["on-delete"].Spec.UpdateStrategy.Type
			e.That(kept == appsv1.OnDeleteDaemonSetStrategyType, "OnDelete is stored as OnDelete", "it is %q", kept)
		},
	}
}

// strategyType gives the DaemonSet the type of update strategy, and nothing to it.
func strategyType(kind appsv1.DaemonSetUpdateStrategyType) fleet.Change {
	return func(ds *appsv1.DaemonSet) { ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: kind} }
}

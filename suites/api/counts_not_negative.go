package api

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func countsNotNegative() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-006",
		Area:      framework.API,
		Title:     "minReadySeconds and revisionHistoryLimit are not negative",
		Behaviour: "A negative minReadySeconds or revisionHistoryLimit MUST be rejected as invalid; 0 MUST be accepted, and kept, for both.",
		Clauses:   []string{"API: DaemonSet spec.minReadySeconds", "API: DaemonSet spec.revisionHistoryLimit", sourceCreate},
		Level:     framework.Core,
		Why: "A negative number has no meaning for a controller: pods available before they are ready, less than no history. " +
			"0 has one, and is not the same as a field left out: a limit of 0 that became the default of 10 keeps what its user wanted gone.",
		Body: func(ctx context.Context, e *framework.Env) {
			refuses(ctx, e,
				row{"min-ready", fleet.MinReadySeconds(-1), metav1.CauseTypeFieldValueInvalid, "spec.minReadySeconds"},
				row{"history", fleet.HistoryLimit(-1), metav1.CauseTypeFieldValueInvalid, "spec.revisionHistoryLimit"},
			)
			got := accepts(ctx, e,
				row{name: "min-ready", change: fleet.MinReadySeconds(0)},
				row{name: "history", change: fleet.HistoryLimit(0)},
			)
			limit := got["history"].Spec.RevisionHistoryLimit
			e.That(limit != nil, "a revisionHistoryLimit is stored", "there is none")
			e.That(*limit == 0, "a revisionHistoryLimit of 0 stays 0", "it is %d", *limit)
			e.That(got["min-ready"].Spec.MinReadySeconds == 0, "a minReadySeconds of 0 stays 0", "it is %d", got["min-ready"].Spec.MinReadySeconds)
		},
	}
}

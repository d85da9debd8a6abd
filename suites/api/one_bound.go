package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/answer"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func oneBound() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-009",
		Area:      framework.API,
		Title:     "one of maxUnavailable and maxSurge is zero, and not both",
		Behaviour: "A RollingUpdate whose maxUnavailable and maxSurge are both other than zero, or both zero, MUST be rejected as invalid, the default of 1 for a maxUnavailable left out included.",
		Clauses:   []string{fieldMaxDown + " (this cannot be 0 if MaxSurge is 0)", fieldMaxSurge + " (this can not be 0 if MaxUnavailable is 0)", "KEP-1591: DaemonSet surge during rolling update", sourceRolling, sourceDefaults},
		Covers:    []string{"DS-API-010"},
		Level:     framework.Core,
		Why: "With neither, no update could ever move; with both, nobody has said how a node is updated. " +
			"maxSurge alone means both, since maxUnavailable is filled in: a server that filled in 0 instead would change what the manifest means, and one that says nothing leaves the user with two budgets.",
		Body: func(ctx context.Context, e *framework.Env) {
			one, few := intstr.FromInt32(1), intstr.FromString("10%")
			none, noneOf := intstr.FromInt32(0), intstr.FromString("0%")
			invalid, required := metav1.CauseTypeFieldValueInvalid, metav1.CauseTypeFieldValueRequired
			refuses(ctx, e,
				row{"both-numbers", bounds(one, one), invalid, maxSurge},
				row{"both-per-cents", bounds(few, few), invalid, maxSurge},
				row{"number-and-per-cent", bounds(one, few), invalid, maxSurge},
				row{"neither-number", bounds(none, none), required, maxUnavailable},
				row{"neither-per-cent", bounds(noneOf, noneOf), required, maxUnavailable},
				row{"neither", bounds(none, noneOf), required, maxUnavailable},
				row{"surge-alone", surgeAlone(one), invalid, maxSurge},
				row{"surge-alone-per-cent", surgeAlone(few), invalid, maxSurge},
			)
			accepts(ctx, e, row{name: "down", change: bounds(one, noneOf)}, row{name: "surge", change: bounds(none, one)}, row{name: name, change: func(*appsv1.DaemonSet) {}})

			// A DaemonSet that was filled in has the 1 too, whoever patches it later.
			_, err := client(e).Patch(ctx, name, types.StrategicMergePatchType, []byte(`{"spec":{"updateStrategy":{"rollingUpdate":{"maxSurge":1}}}}`), metav1.PatchOptions{})
			e.Must(answer.Unanswered(err), "patch DaemonSet %s", name)
			e.Check(answer.Invalid(err, invalid, maxSurge), "a patch of maxSurge alone is refused")
			ds, err := client(e).Patch(ctx, name, types.StrategicMergePatchType, []byte(`{"spec":{"updateStrategy":{"rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}}}`), metav1.PatchOptions{})
			e.Check(err, "a patch of maxSurge with maxUnavailable 0 is accepted")
			e.Act("patched DaemonSet", history.KindDaemonSet, ds)
		},
	}
}

// surgeAlone sets a RollingUpdate that says nothing of maxUnavailable.
func surgeAlone(surge intstr.IntOrString) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		bounds(intstr.IntOrString{}, surge)(ds)
		ds.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable = nil
	}
}

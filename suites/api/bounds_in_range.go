package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

const (
	maxUnavailable = "spec.updateStrategy.rollingUpdate.maxUnavailable"
	maxSurge       = "spec.updateStrategy.rollingUpdate.maxSurge"
)

func boundsInRange() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-008",
		Area:      framework.API,
		Title:     "maxUnavailable and maxSurge are numbers or per cents",
		Behaviour: "maxUnavailable and maxSurge MUST be rejected as invalid where they are negative, a string that is no per cent, or more than 100%; a number larger than the cluster MUST be accepted.",
		Clauses:   []string{fieldMaxDown, fieldMaxSurge, sourceRolling},
		Level:     framework.Core,
		Why: "A controller that cannot read its budget cannot roll, or takes the budget for all nodes. A number in quotes is the usual slip: " +
			"it must be refused when it is written, not found out in the middle of an update.",
		Body: func(ctx context.Context, e *framework.Env) {
			number, text := intstr.FromInt32, intstr.FromString
			var wrong []row
			for _, v := range []struct {
				what  string
				value intstr.IntOrString
			}{
				{"negative", number(-1)}, {"in-quotes", text("5")}, {"a-word", text("half")}, {"nothing", text("")},
				{"a-fraction", text("5.5%")}, {"a-negative-per-cent", text("-1%")}, {"more-than-all", text("101%")},
			} {
				wrong = append(wrong,
					row{"down-" + v.what, bounds(v.value, number(0)), metav1.CauseTypeFieldValueInvalid, maxUnavailable},
					row{"surge-" + v.what, bounds(number(0), v.value), metav1.CauseTypeFieldValueInvalid, maxSurge})
			}
			refuses(ctx, e, wrong...)
			accepts(ctx, e,
				row{name: "down-more-than-nodes", change: bounds(number(100000), number(0))}, row{name: "surge-more-than-nodes", change: bounds(number(0), number(100000))},
				row{name: "down-all", change: bounds(text("100%"), number(0))}, row{name: "surge-all", change: bounds(number(0), text("100%"))},
				row{name: "down-few", change: bounds(text("1%"), text("0%"))}, row{name: "surge-few", change: bounds(text("0%"), text("1%"))},
			)
		},
	}
}

// bounds sets a RollingUpdate with both bounds.
func bounds(down, surge intstr.IntOrString) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{
			Type:          appsv1.RollingUpdateDaemonSetStrategyType,
			RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &down, MaxSurge: &surge},
		}
	}
}

package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/answer"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func onDeleteBlockIgnored() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-012",
		Area:      framework.API,
		Title:     "OnDelete has no use for a rollingUpdate block",
		Behaviour: "Under OnDelete nothing MUST be filled into rollingUpdate, and a block that is given MUST be stored without being judged; a switch to RollingUpdate MUST fill it in and judge it.",
		Clauses:   []string{fieldStrategy + ".rollingUpdate (present only if type = RollingUpdate)", sourceDefaults, "pkg/apis/apps/validation: ValidateDaemonSetUpdateStrategy"},
		Level:     framework.Core,
		Why: "Who switches between the two types wants to keep what he had set. A block that was filled in or thrown away is not what the manifest says, " +
			"so that tools find a difference each time; one that is nonsense must be found out at the latest when it begins to count.",
		Body: func(ctx context.Context, e *framework.Env) {
			silly := func(ds *appsv1.DaemonSet) {
				bounds(intstr.FromInt32(-5), intstr.FromString("lots"))(ds)
				ds.Spec.UpdateStrategy.Type = appsv1.OnDeleteDaemonSetStrategyType
			}
			got := accepts(ctx, e, row{name: "no-block", change: fleet.OnDelete}, row{name: "silly-block", change: silly})
			none := got["no-block"].Spec.UpdateStrategy.RollingUpdate
			e.That(none == nil, "no rollingUpdate block is filled in under OnDelete", "it is %v", none)
			given := unplaced(e, "silly-block", silly).Spec.UpdateStrategy
			kept := got["silly-block"].Spec.UpdateStrategy
			e.That(equality.Semantic.DeepEqual(kept, given), "the block that was given is stored as it is", "it is %v", kept)
			e.BecomesFor(ctx, "silly-block", e.Timeouts.Placement, "the controller has no trouble with a block that does not count", fleet.Observed(got["silly-block"]))

			_, err := toRollingUpdate(ctx, e, "silly-block")
			e.Check(answer.Invalid(err, metav1.CauseTypeFieldValueInvalid, maxUnavailable), "a switch to RollingUpdate with that block is refused")
			ds, err := toRollingUpdate(ctx, e, "no-block")
			e.Check(err, "a switch to RollingUpdate without a block is accepted")
			filled := unplaced(e, "no-block", bounds(intstr.FromInt32(1), intstr.FromInt32(0))).Spec.UpdateStrategy
			e.That(equality.Semantic.DeepEqual(ds.Spec.UpdateStrategy, filled), "the switch fills the block in", "it is %v", ds.Spec.UpdateStrategy)
		},
	}
}

// toRollingUpdate switches the strategy's type and nothing else.
func toRollingUpdate(ctx context.Context, e *framework.Env, name string) (*appsv1.DaemonSet, error) {
	ds, err := client(e).Patch(ctx, name, types.MergePatchType, []byte(`{"spec":{"updateStrategy":{"type":"RollingUpdate"}}}`), metav1.PatchOptions{})
	e.Must(answer.Unanswered(err), "patch DaemonSet %s", name)
	if err == nil {
		e.Act("patched DaemonSet", history.KindDaemonSet, ds)
	}
	return ds, err
}

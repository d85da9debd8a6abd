package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func specAndStatusApart() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-013",
		Area:      framework.API,
		Title:     "spec and status are written apart",
		Behaviour: "A status in a create request MUST be dropped, an update of the DaemonSet MUST NOT change its status, and an update of /status MUST NOT change its spec.",
		Clauses:   []string{conventions + ", Spec and Status: PUT and POST ignore status; PUT to /status ignores spec", sourceStrategy + ": PrepareForCreate, PrepareForUpdate, StatusStrategy"},
		Level:     framework.Core,
		Why: "Manifests are written from objects that were read, status and all. If it were taken over, a new DaemonSet would look rolled out before it has a pod; " +
			"and a controller that writes a status from an older read would take back what its user has changed since.",
		Body: func(ctx context.Context, e *framework.Env) {
			made := accepts(ctx, e, row{name: name, change: claimed})[name]
			e.That(equality.Semantic.DeepEqual(made.Status, appsv1.DaemonSetStatus{}), "the status of the create request is dropped", "it is %+v", made.Status)
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller has written its status", fleet.Observed(made))

			updated, err := put(ctx, e, func(ds *appsv1.DaemonSet) {
				claimed(ds)
				fleet.MinReadySeconds(5)(ds)
			})
			e.Check(err, "an update with another status is accepted")
			e.That(updated.Spec.MinReadySeconds == 5, "the update changes the spec", "minReadySeconds is %d", updated.Spec.MinReadySeconds)
			e.That(!takenOver(updated), "the status of the update is dropped", "it is %+v", updated.Status)

			// The condition tells that the request has been carried out, and is the only
			// thing in it that a controller will not write over.
			written := putStatus(ctx, e, name, func(ds *appsv1.DaemonSet) {
				ds.Status.Conditions = []appsv1.DaemonSetCondition{{Type: "Written", Status: corev1.ConditionTrue}}
				fleet.MinReadySeconds(30)(ds)
				fleet.Image(e, "agent:v2")(ds)
				ds.Spec.Template.Labels["more"] = "than-before"
			})
			now := get(ctx, e, name)
			for _, ds := range []*appsv1.DaemonSet{written, now} {
				e.That(len(ds.Status.Conditions) == 1, "the update of /status changes the status", "its conditions are %v", ds.Status.Conditions)
				e.That(equality.Semantic.DeepEqual(ds.Spec, updated.Spec) && ds.Generation == updated.Generation, "the update of /status leaves spec and generation alone",
					"generation %d after %d, spec %+v", ds.Generation, updated.Generation, ds.Spec)
			}
			e.That(!takenOver(now), "nothing of the claimed status was ever stored", "it is %+v", now.Status)
		},
	}
}

// claimed gives the DaemonSet a status that is not true.
func claimed(ds *appsv1.DaemonSet) {
	ds.Status.ObservedGeneration, ds.Status.NumberReady, ds.Status.DesiredNumberScheduled = 77, 77, 77
	ds.Status.Conditions = []appsv1.DaemonSetCondition{{Type: "Claimed", Status: corev1.ConditionTrue}}
}

// takenOver tells whether a status has anything of the claimed one.
func takenOver(ds *appsv1.DaemonSet) bool {
	st := ds.Status
	for _, c := range st.Conditions {
		if c.Type == "Claimed" {
			return true
		}
	}
	return st.ObservedGeneration == 77 || st.NumberReady == 77 || st.DesiredNumberScheduled == 77
}

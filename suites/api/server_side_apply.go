package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/answer"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func serverSideApply() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-021",
		Area:      framework.API,
		Title:     "a status in an applied manifest is ignored",
		Behaviour: "Server-side apply MUST ignore a status in its manifest: it MUST NOT be stored, owned by the applier, or a conflict with the controller that owns the status; a field of the spec that another applier owns MUST be a conflict (409) that names it.",
		Clauses:   []string{"reference/using-api/server-side-apply, Conflicts", "KEP-555: Server-side apply", sourceStrategy + ": GetResetFields"},
		Level:     framework.Core,
		Why: "Manifests that were read from a cluster and stored have a status. If apply took it seriously, each apply after the controller's first write would be a conflict, or with force the end of the true status. " +
			"That conflicts are found at all is shown by two appliers of one image.",
		Body: func(ctx context.Context, e *framework.Env) {
			applied, err := applyAs(ctx, e, "first", "agent:v1", nil)
			e.Check(err, "the first apply, with a status, is accepted")
			e.That(applied.Status.NumberReady != 77 && applied.Status.ObservedGeneration != 77, "the applied status is not stored", "it is %+v", applied.Status)
			e.Check(ownsNoStatus(applied), "the applier does not own the status")
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller has written its status", fleet.Observed(applied))

			applied, err = applyAs(ctx, e, "first", "agent:v2", fields{"minReadySeconds": int64(3)})
			e.Check(err, "a second apply, whose status is not the controller's, is no conflict")
			e.That(applied.Spec.MinReadySeconds == 3, "the second apply changes the spec", "minReadySeconds is %d", applied.Spec.MinReadySeconds)
			e.That(applied.Status.NumberReady != 77 && applied.Status.ObservedGeneration != 77, "the second apply's status is not stored", "it is %+v", applied.Status)
			e.Check(ownsNoStatus(applied), "the applier does not own the status")

			_, err = applyAs(ctx, e, "second", "agent:v3", nil)
			e.Check(answer.Refused(err, http.StatusConflict, metav1.StatusReasonConflict), "an apply of another image by another applier is a conflict")
			e.Check(conflictsOnly(answer.Causes(err), `.spec.template.spec.containers[name="agent"].image`), "the conflict is about the image alone")
		},
	}
}

// applyAs applies the smallest manifest, with an image, a status that is not
// true, and what else is given in its spec.
func applyAs(ctx context.Context, e *framework.Env, manager, image string, given fields) (*appsv1.DaemonSet, error) {
	m := manifest(e, name, given)
	m.Object["status"] = fields{
		"observedGeneration": int64(77), "numberReady": int64(77), "desiredNumberScheduled": int64(77), "currentNumberScheduled": int64(77), "numberMisscheduled": int64(77),
	}
	containers := []any{fields{"name": "agent", "image": e.Image(image)}}
	e.Must(unstructured.SetNestedSlice(m.Object, containers, "spec", "template", "spec", "containers"), "set the image of DaemonSet %s", name)
	got, err := raw(e).Apply(ctx, name, m, metav1.ApplyOptions{FieldManager: manager})
	e.Must(answer.Unanswered(err), "apply DaemonSet %s", name)
	if err != nil {
		return nil, err
	}
	e.Act("applied DaemonSet", history.KindDaemonSet, got)
	return get(ctx, e, name), nil
}

// ownsNoStatus judges that the first manager owns fields, and none of the status.
func ownsNoStatus(ds *appsv1.DaemonSet) error {
	const manager = "first"
	for _, m := range ds.ManagedFields {
		if m.Manager != manager || m.FieldsV1 == nil {
			continue
		}
		if strings.Contains(string(m.FieldsV1.GetRawBytes()), `"f:status"`) {
			return fmt.Errorf("manager %s owns fields of the status", manager)
		}
		return nil
	}
	return fmt.Errorf("there are no fields of manager %s", manager)
}

// conflictsOnly judges that the field is all there is a conflict about.
func conflictsOnly(causes []metav1.StatusCause, field string) error {
	if len(causes) == 1 && causes[0].Type == metav1.CauseTypeFieldManagerConflict && causes[0].Field == field {
		return nil
	}
	return fmt.Errorf("the causes are %+v, not one conflict of field managers about %s", causes, field)
}

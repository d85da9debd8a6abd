package revisions

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/dsconform/dsconform/framework"
)

func dataImmutable() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-016",
		Area:      framework.Revisions,
		Title:     "a revision's data cannot be changed",
		Behaviour: "An update of a ControllerRevision's data MUST be rejected as invalid (422); updates of its number, labels and annotations MUST be accepted.",
		Clauses:   []string{apiRevision + " (implements an immutable snapshot of state data)", "pkg/apis/apps/validation: ValidateControllerRevisionUpdate"},
		Level:     framework.Core,
		Why: "A rollback must bring back what ran. An API server that lets the data be changed lets history be rewritten; " +
			"one that refuses the number keeps controllers from taking a revision up again.",
		Body: func(ctx context.Context, e *framework.Env) {
			cr := createRevision(ctx, e, &appsv1.ControllerRevision{
				ObjectMeta: metav1.ObjectMeta{Name: "of-nobody", Namespace: e.Namespace},
				Data:       runtime.RawExtension{Raw: []byte(`{"spec":{"template":{"$patch":"replace"}}}`)},
				Revision:   1,
			})
			cr = updateRevision(ctx, e, cr, func(cr *appsv1.ControllerRevision) {
				cr.Revision = 2
				cr.Labels = map[string]string{"team": "blue"}
				cr.Annotations = map[string]string{"kubernetes.io/change-cause": "renumbered"}
			})
			e.That(cr.Revision == 2 && cr.Labels["team"] == "blue" && len(cr.Annotations) == 1, "number, label and annotation are changed", "it is %+v", cr)

			changed := cr.DeepCopy()
			changed.Data = runtime.RawExtension{Raw: []byte(`{"spec":{"template":{"$patch":"merge"}}}`)}
			_, err := e.Client.AppsV1().ControllerRevisions(e.Namespace).Update(ctx, changed, metav1.UpdateOptions{})
			e.Check(isInvalid(err), "an update of the data is rejected as invalid")
			now, err := e.Client.AppsV1().ControllerRevisions(e.Namespace).Get(ctx, cr.Name, metav1.GetOptions{})
			e.Must(err, "read ControllerRevision %s", cr.Name)
			e.That(now.ResourceVersion == cr.ResourceVersion, "the rejected update changed nothing", "the resourceVersion went from %s to %s", cr.ResourceVersion, now.ResourceVersion)
		},
	}
}

func isInvalid(err error) error {
	if err == nil {
		return errors.New("it was accepted")
	}
	if !apierrors.IsInvalid(err) {
		return fmt.Errorf("the answer is not \"invalid\" (422) but: %w", err)
	}
	return nil
}

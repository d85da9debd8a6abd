package api

import (
	"context"
	"net/http"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/answer"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func concurrentUpdates() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-018",
		Area:      framework.API,
		Title:     "a stale update is a conflict, one without a version is not",
		Behaviour: "An update with a resourceVersion that is no longer current MUST be refused as a conflict (409) and change nothing; one without a resourceVersion MUST be accepted and replace what is stored.",
		Clauses:   []string{conventions + ", Concurrency Control and Consistency", apiConcepts + ", Resource versions", sourceStrategy + ": AllowUnconditionalUpdate"},
		Level:     framework.Core,
		Why: "A controller, an autoscaler and a person write the same object. If a stale update went through, it would take back what another has just written: a new image, a node selector. " +
			"Who leaves the version out says that he means to.",
		Body: func(ctx context.Context, e *framework.Env) {
			stale := accepts(ctx, e, row{name: name, change: func(*appsv1.DaemonSet) {}})[name]
			fleet.Touch(ctx, e, name, "since")

			late := stale.DeepCopy()
			fleet.Image(e, "agent:v2")(late)
			_, err := client(e).Update(ctx, late, metav1.UpdateOptions{})
			e.Must(answer.Unanswered(err), "update DaemonSet %s with an old resourceVersion", name)
			e.Check(answer.Refused(err, http.StatusConflict, metav1.StatusReasonConflict), "an update with the resourceVersion of before the last change is a conflict (409)")
			_, err = client(e).UpdateStatus(ctx, late, metav1.UpdateOptions{})
			e.Must(answer.Unanswered(err), "update the status of DaemonSet %s with an old resourceVersion", name)
			e.Check(answer.Refused(err, http.StatusConflict, metav1.StatusReasonConflict), "so is an update of the status")
			_, err = client(e).Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"resourceVersion":"`+stale.ResourceVersion+`"},"spec":{"minReadySeconds":9}}`), metav1.PatchOptions{})
			e.Must(answer.Unanswered(err), "patch DaemonSet %s with an old resourceVersion", name)
			e.Check(answer.Refused(err, http.StatusConflict, metav1.StatusReasonConflict), "so is a patch that names that resourceVersion")
			now := get(ctx, e, name)
			e.That(now.Generation == stale.Generation && now.Annotations["dsconform.dev/touched"] == "since", "the refused requests changed nothing",
				"the generation is %d, the annotations are %v", now.Generation, now.Annotations)

			late.ResourceVersion = ""
			replaced, err := client(e).Update(ctx, late, metav1.UpdateOptions{})
			e.Must(answer.Unanswered(err), "update DaemonSet %s without a resourceVersion", name)
			e.Check(err, "an update without a resourceVersion is accepted")
			e.Act("updated DaemonSet", history.KindDaemonSet, replaced)
			_, touched := replaced.Annotations["dsconform.dev/touched"]
			e.That(replaced.Spec.Template.Spec.Containers[0].Image == e.Image("agent:v2") && !touched, "the update replaces what was stored, the annotation it does not have included",
				"image %s, annotations %v", replaced.Spec.Template.Spec.Containers[0].Image, replaced.Annotations)
		},
	}
}

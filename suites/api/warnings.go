package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/answer"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func warnings() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-022",
		Area:      framework.API,
		Title:     "a doubtful template is warned of",
		Behaviour: "What is deprecated or doubtful in a template (an annotation without effect, a variable or port given twice) MUST be told by Warning headers that name the field, on creation and when the template changes, and MUST NOT be repeated on other updates.",
		Clauses:   []string{apiConcepts + ", Warnings", "KEP-1693: Warnings for use of deprecated APIs", sourceStrategy + ": WarningsOnCreate, WarningsOnUpdate"},
		Level:     framework.Core,
		Why: "Nobody looks at a pod that a controller made from a template, so a warning that comes with the pod reaches nobody; it must come with the template. " +
			"One that comes with every label is soon not read any more.",
		Body: func(ctx context.Context, e *framework.Env) {
			listening, heard := answer.Listen(e)
			made, err := listening.AppsV1().DaemonSets(e.Namespace).Create(ctx, unplaced(e, "clean"), metav1.CreateOptions{})
			e.Must(err, "create DaemonSet clean")
			e.Act("created DaemonSet", history.KindDaemonSet, made)
			// An admission webhook of the cluster's may have its own to say.
			unasked := answer.About(heard.Take(), "spec.template")
			e.That(len(unasked) == 0, "a template with nothing doubtful is not warned of", "there are %q", unasked)

			made, err = listening.AppsV1().DaemonSets(e.Namespace).Create(ctx, unplaced(e, name, doubtful), metav1.CreateOptions{})
			e.Must(answer.Unanswered(err), "create DaemonSet %s", name)
			e.Check(err, "a doubtful template is accepted")
			e.Act("created DaemonSet", history.KindDaemonSet, made)
			e.Check(answer.Named(heard.Take(),
				"spec.template.metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]",
				"spec.template.spec.containers[0].env[1]",
				"spec.template.spec.containers[0].ports[1]",
			), "the creation is warned of the annotation, the variable and the port, each by its field")

			repeated := answer.About(heardOf(ctx, e, fleet.Annotated("team", "blue")), "spec.template")
			e.That(len(repeated) == 0, "an update of an annotation is not warned of", "there are %q", repeated)
			repeated = answer.About(heardOf(ctx, e, fleet.MinReadySeconds(3)), "spec.template")
			e.That(len(repeated) == 0, "an update of minReadySeconds is not warned of", "there are %q", repeated)
			e.Check(answer.Named(heardOf(ctx, e, fleet.Image(e, "agent:v2")), "spec.template.spec.containers[0].env[1]"), "an update of the image is warned of what is still doubtful")
		},
	}
}

// heardOf updates the stored DaemonSet, again on conflict, and gives the warnings
// that came with the update that was accepted.
func heardOf(ctx context.Context, e *framework.Env, change fleet.Change) []string {
	listening, heard := answer.Listen(e)
	e.Must(retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		ds := get(ctx, e, name)
		change(ds)
		heard.Take()
		got, err := listening.AppsV1().DaemonSets(e.Namespace).Update(ctx, ds, metav1.UpdateOptions{})
		if err == nil {
			e.Act("updated DaemonSet", history.KindDaemonSet, got)
		}
		return err
	}), "update DaemonSet %s", name)
	return heard.Take()
}

// doubtful gives the template what the API accepts and nobody means.
func doubtful(ds *appsv1.DaemonSet) {
	ds.Spec.Template.Annotations = map[string]string{"scheduler.alpha.kubernetes.io/critical-pod": ""}
	c := &ds.Spec.Template.Spec.Containers[0]
	c.Env = []corev1.EnvVar{{Name: "LEVEL", Value: "info"}, {Name: "LEVEL", Value: "debug"}}
	c.Ports = []corev1.ContainerPort{{Name: "one", ContainerPort: 8080}, {Name: "two", ContainerPort: 8080}}
}

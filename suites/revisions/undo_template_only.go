package revisions

import (
	"context"
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func undoTemplateOnly() framework.Spec {
	return framework.Spec{
		ID:        "DS-KUB-018",
		Area:      framework.Revisions,
		Title:     "undo restores the template and nothing else",
		Behaviour: "kubectl rollout undo MUST restore spec.template exactly, what was added to it since removed, and MUST leave the strategy, the limits and the DaemonSet's own labels and annotations as they are.",
		Clauses:   []string{docRollback, kubectlUndo, "kubernetes issue 112911", sourcePatch},
		Level:     framework.Extended,
		Why: "The second template adds a container, an environment and a volume here. A revision whose data lacks the replace directive leaves them in; " +
			"one that holds more than the template takes the operator's new strategy back with it.",
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Nowhere(e), fleet.MaxUnavailable("1")))
			first := stored(ctx, e)
			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, grown(e), fleet.MaxUnavailable("3"), fleet.HistoryLimit(4), fleet.MinReadySeconds(2),
				fleet.Annotated("team", "blue"), func(ds *appsv1.DaemonSet) { ds.Labels["team"] = "blue" }))
			second := stored(ctx, e)

			back := undo(ctx, e, 0)
			e.That(equality.Semantic.DeepEqual(back.Spec.Template, first.Spec.Template), "the template is exactly the first one", "it is %+v", back.Spec.Template)
			rest := back.Spec.DeepCopy()
			rest.Template = second.Spec.Template
			e.That(equality.Semantic.DeepEqual(*rest, second.Spec), "the rest of the spec is as it was before the undo", "it is %+v", *rest)
			e.That(maps.Equal(back.Labels, second.Labels), "the DaemonSet's labels are as they were", "they are %v", back.Labels)
			e.Check(sameAnnotations(second, back), "the DaemonSet's annotations are as they were")
		},
	}
}

// grown adds to the template what a merge would not take away again.
func grown(e *framework.Env) fleet.Change {
	image := e.Image("agent:v2")
	return func(ds *appsv1.DaemonSet) {
		spec := &ds.Spec.Template.Spec
		spec.Containers[0].Env = []corev1.EnvVar{{Name: "ADDED", Value: "true"}}
		spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "added", MountPath: "/added"}}
		spec.Containers = append(spec.Containers, corev1.Container{Name: "added", Image: image})
		spec.Volumes = []corev1.Volume{{Name: "added", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
		spec.Tolerations = []corev1.Toleration{{Key: "added", Operator: corev1.TolerationOpExists}}
		ds.Spec.Template.Labels["added"] = "true"
	}
}

// sameAnnotations judges annotations but for the API server's own count of template changes.
func sameAnnotations(before, now *appsv1.DaemonSet) error {
	a, b := maps.Clone(before.Annotations), maps.Clone(now.Annotations)
	delete(a, appsv1.DeprecatedTemplateGeneration)
	delete(b, appsv1.DeprecatedTemplateGeneration)
	if !maps.Equal(a, b) {
		return fmt.Errorf("they were %v and are %v", a, b)
	}
	return nil
}

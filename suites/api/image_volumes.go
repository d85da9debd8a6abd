package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func imageVolumes() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-024",
		Area:      framework.API,
		Title:     "an image volume needs a reference",
		Behaviour: "A template with an image volume whose reference is empty MUST be rejected as invalid.",
		Clauses:   []string{"API: ImageVolumeSource.reference (required to create the volume)", "kubernetes pull request 135989", sourcePods},
		Level:     framework.Core,
		Versions:  ">= 1.37.0-0",
		Why: "Up to 1.36 the template was accepted and each of its pods refused: a DaemonSet that looks right and has no pod on any node, " +
			"with the reason in its events alone.",
		Body: func(ctx context.Context, e *framework.Env) {
			refuses(ctx, e, row{"empty", imageVolume(""), metav1.CauseTypeFieldValueRequired, "spec.template.spec.volumes[0].image.reference"})
			got := accepts(ctx, e, row{name: "given", change: imageVolume(e.Image("agent:v1"))})["given"].Spec.Template.Spec.Volumes
			e.That(len(got) == 1 && got[0].Image != nil && got[0].Image.Reference == e.Image("agent:v1"), "an image volume with a reference is stored", "it is %+v", got)
		},
	}
}

// imageVolume gives the template a volume from an image.
func imageVolume(reference string) fleet.Change {
	return volume(corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: reference}})
}

// volume gives the template a volume, which its container mounts.
func volume(source corev1.VolumeSource) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: source}}
		ds.Spec.Template.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/data", ReadOnly: true}}
	}
}

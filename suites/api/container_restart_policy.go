package api

import (
	"context"

	"github.com/Masterminds/semver/v3"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/answer"
)

func containerRestartPolicy() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-026",
		Area:      framework.API,
		Title:     "a container's own restartPolicy",
		Behaviour: "A restartPolicy of a container that is no init container MUST be stored from 1.35 on; before, it MUST be rejected as invalid (up to 1.33) or dropped (1.34, where the feature is off).",
		Clauses:   []string{"API: Container.restartPolicy", "KEP-5307: Container Restart Policy", sourcePods, "pkg/api/pod: dropContainerRestartRules"},
		Level:     framework.Core,
		Why: "In a template that restarts always it is how one container may end for good. A server that keeps it where no kubelet knows it, or loses it where all do, " +
			"makes a helper that has done its work run again and again on every node.",
		Body: func(ctx context.Context, e *framework.Env) {
			version, err := semver.NewVersion(e.KubernetesVersion())
			e.Must(err, "read the API server's version %q", e.KubernetesVersion())
			policy := corev1.ContainerRestartPolicyOnFailure
			_, err = create(ctx, e, unplaced(e, name, func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers[0].RestartPolicy = &policy }))
			if version.Minor() <= 33 {
				e.Check(answer.Invalid(err, metav1.CauseTypeForbidden, "spec.template.spec.containers[0].restartPolicy"), "a container's restartPolicy is refused by %s", version)
				return
			}
			e.Check(err, "a container's restartPolicy is accepted by %s", version)
			var got corev1.ContainerRestartPolicy
			if p := get(ctx, e, name).Spec.Template.Spec.Containers[0].RestartPolicy; p != nil {
				got = *p
			}
			dropped := got == "" && version.Minor() == 34
			e.That(got == policy || dropped, "the restartPolicy is stored as it was given (or dropped, by 1.34)", "it is %q", got)
		},
	}
}

package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func podsThatEnd() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-004",
		Area:      framework.API,
		Title:     "pods that are meant to end are refused",
		Behaviour: "A template with a restartPolicy other than Always, or with activeDeadlineSeconds, MUST be rejected as invalid.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Pod Template: restartPolicy equal to Always", fieldTemplate, sourceCreate},
		Covers:    []string{"DS-API-005"},
		Level:     framework.Core,
		Why: "A daemon runs as long as its node. A pod that ends by its own template would be replaced as soon as it has done what it was told, " +
			"a job in an endless loop on every node.",
		Body: func(ctx context.Context, e *framework.Env) {
			const policy = "spec.template.spec.restartPolicy"
			refuses(ctx, e,
				row{"on-failure", restarts(corev1.RestartPolicyOnFailure), metav1.CauseTypeFieldValueNotSupported, policy},
				row{"never", restarts(corev1.RestartPolicyNever), metav1.CauseTypeFieldValueNotSupported, policy},
				row{"unknown", restarts("Sometimes"), metav1.CauseTypeFieldValueNotSupported, policy},
				row{"deadline", func(ds *appsv1.DaemonSet) {
					hour := int64(3600)
					ds.Spec.Template.Spec.ActiveDeadlineSeconds = &hour
				}, metav1.CauseTypeForbidden, "spec.template.spec.activeDeadlineSeconds"},
			)
			got := accepts(ctx, e, row{name: "always", change: restarts(corev1.RestartPolicyAlways)}, row{name: "left-out", change: restarts("")})
			left := got["left-out"].Spec.Template.Spec.RestartPolicy
			e.That(left == corev1.RestartPolicyAlways, "a restartPolicy that is left out becomes Always", "it is %q", left)
		},
	}
}

// restarts gives the template the restart policy.
func restarts(policy corev1.RestartPolicy) fleet.Change {
	return func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.RestartPolicy = policy }
}

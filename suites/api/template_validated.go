package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func templateValidated() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-025",
		Area:      framework.API,
		Title:     "a template is judged as a pod is",
		Behaviour: "A template that no pod could be made from (a hostPath volume without path, privileged without privilege escalation, one hostPort twice) MUST be rejected as invalid with the DaemonSet, by the field at fault.",
		Clauses:   []string{fieldTemplate, "concepts/workloads/controllers/daemonset, Pod Template: it has the same schema as a Pod", sourcePods},
		Level:     framework.Core,
		Why: "Node agents are the pods that use these fields. What is refused only when the controller makes the pods leaves a DaemonSet that looks right " +
			"and runs nowhere, and its author has gone by then.",
		Body: func(ctx context.Context, e *framework.Env) {
			yes, no := true, false
			const path, security = "spec.template.spec.volumes[0].hostPath.path", "spec.template.spec.containers[0].securityContext"
			refuses(ctx, e,
				row{"no-path", hostPath(""), metav1.CauseTypeFieldValueRequired, path},
				row{"path-backwards", hostPath("/var/../etc"), metav1.CauseTypeFieldValueInvalid, path},
				row{"no-escalation", privileged(&yes, &no), metav1.CauseTypeFieldValueInvalid, security},
				row{"port-twice", hostPorts(24751, 24751), metav1.CauseTypeFieldValueDuplicate, "spec.template.spec.containers[0].ports[1].hostPort"},
			)
			accepts(ctx, e,
				row{name: "path", change: hostPath("/var/log")},
				row{name: "escalation", change: privileged(&yes, nil)},
				row{name: "two-ports", change: hostPorts(24751, 24752)},
			)
		},
	}
}

func hostPath(path string) fleet.Change {
	return volume(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}})
}

func privileged(privileged, escalation *bool) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{Privileged: privileged, AllowPrivilegeEscalation: escalation}
	}
}

// hostPorts gives the container ports of its own, on these ports of the node.
func hostPorts(ports ...int32) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		for i, port := range ports {
			c := &ds.Spec.Template.Spec.Containers[0]
			c.Ports = append(c.Ports, corev1.ContainerPort{ContainerPort: int32(8000 + i), HostPort: port})
		}
	}
}

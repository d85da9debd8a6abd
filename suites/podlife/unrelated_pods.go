package podlife

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// unrelatedPods: most pods that go in a cluster are nobody's daemons.
func unrelatedPods() framework.Spec {
	return framework.Spec{
		ID: "DS-POD-016", Area: framework.PodLife, Title: "deleted pods of others change nothing", Level: framework.Core,
		Behaviour: "The deletion of pods that are not the DaemonSet's MUST NOT cause the controller to write anything.",
		Clauses:   []string{"pkg/controller/daemon deletePod"},
		Why: "Pods with other labels go, and pods with the very same labels that another controller owns, on the DaemonSet's own nodes. A controller that goes by labels takes the latter for its own, " +
			"and makes a pod too many or writes a status for each pod that ends anywhere. A DaemonSet made last proves that it has heard of the deletions.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			owner, err := e.Client.CoreV1().ConfigMaps(e.Namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner", Namespace: e.Namespace}}, metav1.CreateOptions{})
			e.Must(err, "create ConfigMap owner")
			var others []*corev1.Pod
			for i, node := range e.Nodes {
				stranger := bare(e, fmt.Sprintf("stranger-%d", i), e.Namespace, node)
				stranger.Labels = map[string]string{"app": "stranger"}
				alike := bare(e, fmt.Sprintf("alike-%d", i), e.Namespace, node)
				alike.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, corev1.SchemeGroupVersion.WithKind("ConfigMap"))}
				others = append(others, createPod(ctx, e, stranger), createPod(ctx, e, alike))
			}
			e.Stays(ctx, "the DaemonSet is at rest", nil, func(s *history.State) error { return nil })
			rest := e.History.State().Clone()
			for _, pod := range others {
				e.DeletePod(ctx, pod, metav1.DeleteOptions{})
			}
			for _, pod := range others {
				site.Await(ctx, e, e.Timeouts.PodReady, "pod "+pod.Name+" is gone", site.Gone(pod))
			}
			fleet.CaughtUp(ctx, e, "witness")
			e.Holds(ctx, site.Unwritten(rest, "agent"), "DaemonSet, revision and pods are what they were before the deletions")
		},
	}
}

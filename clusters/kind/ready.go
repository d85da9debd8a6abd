package kind

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/dsconform/dsconform/clusters/await"
)

// awaitSystem waits until the DaemonSets of kube-system (network, kube-proxy)
// run on all nodes they are for, and the Deployments (DNS) are complete.
func awaitSystem(ctx context.Context, cs kubernetes.Interface, nodes int) error {
	apps := cs.AppsV1().RESTClient()
	sets := cache.NewListWatchFromClient(apps, "daemonsets", metav1.NamespaceSystem, fields.Everything())
	if err := await.Until(ctx, sets, "the DaemonSets of kube-system", func(list []*appsv1.DaemonSet) (bool, string) {
		return systemSets(list, nodes)
	}); err != nil {
		return err
	}
	deployments := cache.NewListWatchFromClient(apps, "deployments", metav1.NamespaceSystem, fields.Everything())
	return await.Until(ctx, deployments, "the Deployments of kube-system", systemDeployments)
}

// systemSets judges the DaemonSets: all of a fresh cluster's are meant for every node.
func systemSets(list []*appsv1.DaemonSet, nodes int) (bool, string) {
	if len(list) == 0 {
		return false, "there is none"
	}
	for _, d := range list {
		s := d.Status
		if s.ObservedGeneration < d.Generation || int(s.DesiredNumberScheduled) < nodes || s.NumberReady < s.DesiredNumberScheduled {
			return false, fmt.Sprintf("DaemonSet %s: %d of %d pods ready on %d nodes", d.Name, s.NumberReady, s.DesiredNumberScheduled, nodes)
		}
	}
	return true, ""
}

// systemDeployments judges the Deployments.
func systemDeployments(list []*appsv1.Deployment) (bool, string) {
	if len(list) == 0 {
		return false, "there is none"
	}
	for _, d := range list {
		want := int32(1)
		if d.Spec.Replicas != nil {
			want = *d.Spec.Replicas
		}
		if s := d.Status; s.ObservedGeneration < d.Generation || s.ReadyReplicas < want {
			return false, fmt.Sprintf("Deployment %s: %d of %d pods ready", d.Name, s.ReadyReplicas, want)
		}
	}
	return true, ""
}

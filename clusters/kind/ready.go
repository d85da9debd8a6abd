package kind

import (
	"context"
	"fmt"
	"sort"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// allNodes and oneNode are what to watch for a node's state.
func allNodes(cs kubernetes.Interface) cache.ListerWatcher {
	return cache.NewListWatchFromClient(cs.CoreV1().RESTClient(), "nodes", metav1.NamespaceAll, fields.Everything())
}

func oneNode(cs kubernetes.Interface, name string) cache.ListerWatcher {
	return cache.NewListWatchFromClient(cs.CoreV1().RESTClient(), "nodes", metav1.NamespaceAll, fields.OneTermEqualSelector(metav1.ObjectNameField, name))
}

// awaitNodes waits until the named nodes exist and check is content with each of them.
func awaitNodes(ctx context.Context, lw cache.ListerWatcher, what string, names []string, check func(*corev1.Node) (bool, string)) error {
	return await(ctx, lw, what, func(nodes []*corev1.Node) (bool, string) {
		return everyNode(nodes, names, check)
	})
}

// everyNode is the decision of awaitNodes.
func everyNode(nodes []*corev1.Node, names []string, check func(*corev1.Node) (bool, string)) (bool, string) {
	have := make(map[string]*corev1.Node, len(nodes))
	for _, n := range nodes {
		have[n.Name] = n
	}
	var missing []string
	for _, name := range names {
		n, found := have[name]
		if !found {
			missing = append(missing, fmt.Sprintf("node %s has not registered", name))
			continue
		}
		if ok, why := check(n); !ok {
			missing = append(missing, why)
		}
	}
	sort.Strings(missing)
	return len(missing) == 0, strings.Join(missing, "; ")
}

// registered is content with any node there is.
func registered(*corev1.Node) (bool, string) { return true, "" }

// nodeReady tells whether the Ready condition is True, and if not what the kubelet says.
func nodeReady(n *corev1.Node) (bool, string) {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			if c.Status == corev1.ConditionTrue {
				return true, ""
			}
			return false, fmt.Sprintf("node %s is not Ready: %s: %s", n.Name, c.Reason, c.Message)
		}
	}
	return false, fmt.Sprintf("node %s has no Ready condition yet", n.Name)
}

// startUpTaints are set while a node starts and taken off by controllers some
// time after it turned Ready: pods are kept away as long as one is there.
func startUpTaints() []string {
	return []string{
		corev1.TaintNodeNotReady,
		corev1.TaintNodeUnreachable,
		corev1.TaintNodeNetworkUnavailable,
		corev1.TaintNodeDiskPressure,
		corev1.TaintNodeMemoryPressure,
		corev1.TaintNodePIDPressure,
		"node.cloudprovider.kubernetes.io/uninitialized",
	}
}

// settled tells whether the node is Ready and carries no start-up taint any more.
func settled(n *corev1.Node) (bool, string) {
	if ok, why := nodeReady(n); !ok {
		return false, why
	}
	for _, t := range n.Spec.Taints {
		for _, s := range startUpTaints() {
			if t.Key == s {
				return false, fmt.Sprintf("node %s still has the taint %s:%s", n.Name, t.Key, t.Effect)
			}
		}
	}
	return true, ""
}

// awaitSystem waits until the DaemonSets of kube-system (network, kube-proxy)
// run on all nodes they are for, and the Deployments (DNS) are complete.
func awaitSystem(ctx context.Context, cs kubernetes.Interface, nodes int) error {
	apps := cs.AppsV1().RESTClient()
	sets := cache.NewListWatchFromClient(apps, "daemonsets", metav1.NamespaceSystem, fields.Everything())
	if err := await(ctx, sets, "the DaemonSets of kube-system", func(list []*appsv1.DaemonSet) (bool, string) {
		return systemSets(list, nodes)
	}); err != nil {
		return err
	}
	deployments := cache.NewListWatchFromClient(apps, "deployments", metav1.NamespaceSystem, fields.Everything())
	return await(ctx, deployments, "the Deployments of kube-system", systemDeployments)
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

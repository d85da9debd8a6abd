package await

import (
	"context"
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// AllNodes is what to watch for the state of every node.
func AllNodes(cs kubernetes.Interface) cache.ListerWatcher {
	return cache.NewListWatchFromClient(cs.CoreV1().RESTClient(), "nodes", metav1.NamespaceAll, fields.Everything())
}

// OneNode is what to watch for one node's state.
func OneNode(cs kubernetes.Interface, name string) cache.ListerWatcher {
	return cache.NewListWatchFromClient(cs.CoreV1().RESTClient(), "nodes", metav1.NamespaceAll, fields.OneTermEqualSelector(metav1.ObjectNameField, name))
}

// Nodes waits until the named nodes exist and check is content with each of them.
func Nodes(ctx context.Context, lw cache.ListerWatcher, what string, names []string, check func(*corev1.Node) (bool, string)) error {
	return Until(ctx, lw, what, func(nodes []*corev1.Node) (bool, string) {
		return everyNode(nodes, names, check)
	})
}

// named is how many nodes that are missing are named; the others are counted.
const named = 5

// everyNode is the decision of Nodes.
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
	if len(missing) == 0 {
		return true, ""
	}
	sort.Strings(missing)
	text := strings.Join(missing[:min(named, len(missing))], "; ")
	if more := len(missing) - named; more > 0 {
		text += fmt.Sprintf("; and %d more of %d nodes", more, len(names))
	}
	return false, text
}

// Registered is content with any node there is.
func Registered(*corev1.Node) (bool, string) { return true, "" }

// NodeReady tells whether the Ready condition is True, and if not what the kubelet says.
func NodeReady(n *corev1.Node) (bool, string) {
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

// Settled tells whether the node is Ready and carries no start-up taint any more.
func Settled(n *corev1.Node) (bool, string) {
	if ok, why := NodeReady(n); !ok {
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

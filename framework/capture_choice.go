package framework

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// captureAtMost is how many pods, and nodes, a failure's bundle describes: kubectl
// takes them one after the other, and thousands would leave no time for the rest.
const captureAtMost = 50

// choice is which objects a failure's bundle describes.
type choice struct {
	pods  []*corev1.Pod
	nodes []string
	// allPods and allNodes count those that there are.
	allPods, allNodes int
}

// show chooses from the state: all there is, or of a multitude the pods that are
// not Ready before the others, and the nodes that those are on.
func show(s *history.State) choice {
	pods, nodes := s.Pods(), s.Nodes()
	c := choice{pods: pods, allPods: len(pods), allNodes: len(nodes)}
	if len(pods) > captureAtMost {
		slices.SortStableFunc(pods, func(a, b *corev1.Pod) int { return cmp.Compare(rank(a), rank(b)) })
		c.pods = pods[:captureAtMost]
	}
	if len(nodes) <= captureAtMost {
		for _, node := range nodes {
			c.nodes = append(c.nodes, node.Name)
		}
		return c
	}
	for _, pod := range c.pods {
		if name := pod.Spec.NodeName; name != "" && !slices.Contains(c.nodes, name) {
			c.nodes = append(c.nodes, name)
		}
	}
	return c
}

// rank is lower for a pod that says more about a failure.
func rank(pod *corev1.Pod) int {
	if oracle.Ready(pod) {
		return 1
	}
	return 0
}

// captured is a file of the bundle, with what kubectl says to args.
type captured struct {
	file string
	args []string
	// note is the file's first line where objects are left out; empty otherwise.
	note string
}

// commands are what kubectl is asked, the quick ones first: should the time run
// out, it is the descriptions that are cut.
func (c choice) commands() []captured {
	out := []captured{
		{file: "objects.yaml", args: []string{"get", "daemonsets,pods,controllerrevisions,services,configmaps", "-o", "yaml"}},
		{file: "overview.txt", args: []string{"get", "daemonsets,pods,controllerrevisions", "-o", "wide"}},
		{file: "events.txt", args: []string{"get", "events", "--sort-by=.metadata.creationTimestamp"}},
		{file: "daemonsets.txt", args: []string{"describe", "daemonsets"}},
	}
	pods, nodes := captured{file: "pods.txt", args: []string{"describe", "pods"}}, captured{file: "nodes.txt", args: []string{"describe", "nodes"}}
	if len(c.pods) < c.allPods {
		for _, pod := range c.pods {
			pods.args = append(pods.args, pod.Name)
		}
		pods.note = fmt.Sprintf("# %d of %d pods, those that are not Ready first; objects.yaml has them all.\n", len(c.pods), c.allPods)
	}
	if len(c.nodes) < c.allNodes {
		nodes.args = append(nodes.args, c.nodes...)
		nodes.note = fmt.Sprintf("# %d of %d nodes, those of the pods in pods.txt; events.jsonl has them all.\n", len(c.nodes), c.allNodes)
		if len(c.nodes) == 0 {
			return append(out, pods) // Without a name kubectl would describe every one.
		}
	}
	return append(out, pods, nodes)
}

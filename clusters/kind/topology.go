package kind

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	kubeletapis "k8s.io/kubelet/pkg/apis"

	"github.com/dsconform/dsconform/clusters"
)

// DefaultTopology gives so many workers the labels and the taint that node
// selectors, node affinity and tolerations are tried on: the labels are spread
// over the first two, and of three or more workers the last one carries the
// taint maintenance=true:NoSchedule, so that a DaemonSet without tolerations
// finds all but one.
func DefaultTopology(workers int) []clusters.NodeSpec {
	nodes := []clusters.NodeSpec{
		{
			Role: clusters.RoleWorker,
			Labels: map[string]string{
				corev1.LabelTopologyZone: "zone-a",
				"storage-type":           "ssd",
				"zone":                   "production",
				"node-type":              "edge",
			},
		},
		{
			Role: clusters.RoleWorker,
			Labels: map[string]string{
				corev1.LabelTopologyZone: "zone-b",
				"node-type":              "gateway",
				"accelerator":            "nvidia-tesla-k80",
				"network-speed":          "high",
			},
		},
	}
	for len(nodes) < workers {
		nodes = append(nodes, clusters.NodeSpec{
			Role:   clusters.RoleWorker,
			Labels: map[string]string{corev1.LabelTopologyZone: "zone-c"},
		})
	}
	if workers >= 3 {
		nodes[workers-1].Taints = []corev1.Taint{{Key: "maintenance", Value: "true", Effect: corev1.TaintEffectNoSchedule}}
	}
	return nodes
}

// splitLabels parts the labels a kubelet may register itself with from those
// it would refuse to start with (reserved prefixes, see --node-labels); the
// latter are set through the API.
func splitLabels(labels map[string]string) (registrable, viaAPI map[string]string) {
	registrable, viaAPI = map[string]string{}, map[string]string{}
	for k, v := range labels {
		if registrableLabel(k) {
			registrable[k] = v
		} else {
			viaAPI[k] = v
		}
	}
	return registrable, viaAPI
}

// registrableLabel tells whether a kubelet may set the label on its own Node:
// outside the kubernetes.io and k8s.io name spaces anything, within them what
// the kubelet's documentation of --node-labels lists.
func registrableLabel(key string) bool {
	prefix, _, found := strings.Cut(key, "/")
	reserved := found && (prefix == "kubernetes.io" || strings.HasSuffix(prefix, ".kubernetes.io") ||
		prefix == "k8s.io" || strings.HasSuffix(prefix, ".k8s.io"))
	return !reserved || kubeletapis.IsKubeletLabel(key)
}

package clusters

import corev1 "k8s.io/api/core/v1"

// DefaultTopology gives so many workers the labels and the taint that node
// selectors, node affinity and tolerations are tried on: the labels are spread
// over the first two, and of three or more workers the last one carries the
// taint maintenance=true:NoSchedule, so that a DaemonSet without tolerations
// finds all but one.
func DefaultTopology(workers int) []NodeSpec {
	nodes := []NodeSpec{
		{
			Role: RoleWorker,
			Labels: map[string]string{
				corev1.LabelTopologyZone: "zone-a",
				"storage-type":           "ssd",
				"zone":                   "production",
				"node-type":              "edge",
			},
		},
		{
			Role: RoleWorker,
			Labels: map[string]string{
				corev1.LabelTopologyZone: "zone-b",
				"node-type":              "gateway",
				"accelerator":            "nvidia-tesla-k80",
				"network-speed":          "high",
			},
		},
	}
	for len(nodes) < workers {
		nodes = append(nodes, NodeSpec{
			Role:   RoleWorker,
			Labels: map[string]string{corev1.LabelTopologyZone: "zone-c"},
		})
	}
	if workers >= 3 {
		nodes[workers-1].Taints = []corev1.Taint{{Key: "maintenance", Value: "true", Effect: corev1.TaintEffectNoSchedule}}
	}
	return nodes
}

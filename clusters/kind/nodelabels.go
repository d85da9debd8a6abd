package kind

import (
	"strings"

	kubeletapis "k8s.io/kubelet/pkg/apis"
)

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

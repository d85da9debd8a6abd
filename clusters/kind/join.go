package kind

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// joining is what makes one node's join different from another's.
type joining struct {
	runtime string // of the engine, as in provider IDs
	cluster string
	node    string
	ip      string
	token   string
	labels  map[string]string
	taints  []corev1.Taint
}

// joinConfiguration derives a worker's JoinConfiguration from the kubeadm
// configuration kind wrote for a control-plane node: API version, endpoint,
// container runtime and skipped phases are the cluster's, the rest is the
// node's. It holds for v1beta3 and v1beta4.
func joinConfiguration(kubeadmConf string, j joining) (string, error) {
	doc, err := documentOfKind(kubeadmConf, "JoinConfiguration")
	if err != nil {
		return "", err
	}
	delete(doc, "controlPlane")
	reg, err := child(doc, "nodeRegistration")
	if err != nil {
		return "", err
	}
	reg["name"] = j.node
	reg["taints"] = j.taints
	if j.taints == nil {
		reg["taints"] = []corev1.Taint{} // none; a missing field would mean kubeadm's defaults
	}
	setFlags(reg, [][2]string{
		{"node-ip", j.ip},
		{"provider-id", fmt.Sprintf("kind://%s/%s/%s", j.runtime, j.cluster, j.node)},
		{"node-labels", joinLabels(j.labels)},
	})
	discovery, err := child(doc, "discovery")
	if err != nil {
		return "", err
	}
	bootstrap, err := child(discovery, "bootstrapToken")
	if err != nil {
		return "", err
	}
	bootstrap["token"] = j.token
	raw, err := yaml.Marshal(doc)
	if err != nil {
		return "", fmt.Errorf("writing the JoinConfiguration of %s: %w", j.node, err)
	}
	return string(raw), nil
}

// documentOfKind finds one document in a stream of them.
func documentOfKind(stream, kind string) (map[string]any, error) {
	reader := utilyaml.NewDocumentDecoder(io.NopCloser(strings.NewReader(stream)))
	defer func() { _ = reader.Close() }()
	buffer := make([]byte, len(stream)+1)
	for {
		n, err := reader.Read(buffer)
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the node's kubeadm configuration holds no %s", kind)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the node's kubeadm configuration: %w", err)
		}
		doc := map[string]any{}
		if err := yaml.Unmarshal(buffer[:n], &doc); err != nil {
			return nil, fmt.Errorf("reading the node's kubeadm configuration: %w", err)
		}
		if doc["kind"] == kind {
			return doc, nil
		}
	}
}

func child(doc map[string]any, field string) (map[string]any, error) {
	c, ok := doc[field].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the node's kubeadm configuration has no %s in its JoinConfiguration", field)
	}
	return c, nil
}

// setFlags sets the kubelet's flags in the shape they have: a map up to
// v1beta3, a list of names and values since.
func setFlags(registration map[string]any, flags [][2]string) {
	if byName, ok := registration["kubeletExtraArgs"].(map[string]any); ok {
		for _, f := range flags {
			byName[f[0]] = f[1]
		}
		return
	}
	given, _ := registration["kubeletExtraArgs"].([]any)
	kept := []any{}
	for _, g := range given {
		entry, _ := g.(map[string]any)
		if !flagNamed(flags, entry["name"]) {
			kept = append(kept, g)
		}
	}
	for _, f := range flags {
		kept = append(kept, map[string]any{"name": f[0], "value": f[1]})
	}
	registration["kubeletExtraArgs"] = kept
}

func flagNamed(flags [][2]string, name any) bool {
	for _, f := range flags {
		if f[0] == name {
			return true
		}
	}
	return false
}

// joinLabels writes labels as --node-labels wants them.
func joinLabels(labels map[string]string) string {
	pairs := make([]string, 0, len(labels))
	for k, v := range labels {
		pairs = append(pairs, k+"="+v)
	}
	sort.Strings(pairs)
	return strings.Join(pairs, ",")
}

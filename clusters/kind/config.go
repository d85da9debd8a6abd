package kind

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/yaml"

	"github.com/dsconform/dsconform/clusters"
)

// kubeadmGroup is the API group of kubeadm's configuration.
const kubeadmGroup = "kubeadm.k8s.io"

// kubeadmVersion is the configuration API kind writes for a Kubernetes version:
// v1beta4 from 1.36 on, because 1.37 reads no older one.
func kubeadmVersion(v *version.Version) string {
	if v.AtLeast(version.MustParseSemantic("1.36.0")) {
		return "v1beta4"
	}
	return "v1beta3"
}

// facts are what the configuration depends on beside the options.
type facts struct {
	version     *version.Version
	cgroupV1    bool
	auditPolicy string // path on the host
}

// kindConfig is the cluster as kind is told to make it.
func kindConfig(o Options, f facts) (*v1alpha4.Cluster, error) {
	audit, err := auditPatch(f.version)
	if err != nil {
		return nil, err
	}
	cfg := &v1alpha4.Cluster{
		TypeMeta:                     v1alpha4.TypeMeta{Kind: "Cluster", APIVersion: "kind.x-k8s.io/v1alpha4"},
		Name:                         o.Name,
		KubeadmConfigPatchesJSON6902: []v1alpha4.PatchJSON6902{audit},
	}
	// The field exists since 1.31 and refuses cgroup v1 by default since 1.35.
	if f.cgroupV1 && f.version.AtLeast(version.MustParseSemantic("1.31.0")) {
		cfg.KubeadmConfigPatches = append(cfg.KubeadmConfigPatches, "kind: KubeletConfiguration\nfailCgroupV1: false\n")
	}
	for range o.ControlPlanes {
		cfg.Nodes = append(cfg.Nodes, v1alpha4.Node{
			Role:        v1alpha4.ControlPlaneRole,
			Image:       o.NodeImage,
			ExtraMounts: []v1alpha4.Mount{auditMount(f.auditPolicy)},
		})
	}
	for i := range o.Workers {
		worker := v1alpha4.Node{Role: v1alpha4.WorkerRole, Image: o.NodeImage}
		spec := o.worker(i)
		worker.Labels, _ = splitLabels(spec.Labels)
		if len(spec.Taints) > 0 {
			patch, err := taintsPatch(spec.Taints)
			if err != nil {
				return nil, err
			}
			worker.KubeadmConfigPatches = []string{patch}
		}
		cfg.Nodes = append(cfg.Nodes, worker)
	}
	return cfg, nil
}

// worker gives the topology of the i-th worker, counted from 0.
func (o Options) worker(i int) clusters.NodeSpec {
	if i < len(o.Topology) {
		return o.Topology[i]
	}
	return clusters.NodeSpec{Role: clusters.RoleWorker}
}

// auditPatch appends to the API server's flags; a merge patch would replace those kind sets.
func auditPatch(v *version.Version) (v1alpha4.PatchJSON6902, error) {
	type operation struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	}
	var ops []operation
	api := kubeadmVersion(v)
	for _, flag := range auditFlags() {
		if api == "v1beta3" {
			ops = append(ops, operation{"add", "/apiServer/extraArgs/" + flag[0], flag[1]})
		} else {
			ops = append(ops, operation{"add", "/apiServer/extraArgs/-", map[string]string{"name": flag[0], "value": flag[1]}})
		}
	}
	ops = append(ops, operation{"add", "/apiServer/extraVolumes", auditVolumes()})
	raw, err := json.Marshal(ops)
	if err != nil {
		return v1alpha4.PatchJSON6902{}, fmt.Errorf("writing the audit patch: %w", err)
	}
	return v1alpha4.PatchJSON6902{Group: kubeadmGroup, Version: api, Kind: "ClusterConfiguration", Patch: string(raw)}, nil
}

// taintsPatch lets a kubelet register with taints: kind's own configuration has no field for them.
func taintsPatch(taints []corev1.Taint) (string, error) {
	raw, err := yaml.Marshal(map[string]any{
		"kind":             "JoinConfiguration",
		"nodeRegistration": map[string]any{"taints": taints},
	})
	if err != nil {
		return "", fmt.Errorf("writing the taints of a node: %w", err)
	}
	return string(raw), nil
}

package kind

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/yaml"

	"github.com/dsconform/dsconform/clusters"
)

func TestKindConfig(t *testing.T) {
	t.Parallel()
	o := Options{
		Name: "c", ControlPlanes: 1, Workers: 3, NodeImage: "i",
		Topology: []clusters.NodeSpec{
			{Labels: map[string]string{"a": "b", "node-role.kubernetes.io/x": ""}},
			{Taints: []corev1.Taint{{Key: "k", Value: "true", Effect: corev1.TaintEffectNoSchedule}}},
		},
	}
	for _, tc := range []struct {
		version, api, path string
		cgroupV1, relaxed  bool
	}{
		{"v1.30.4", "v1beta3", "/apiServer/extraArgs/audit-log-path", true, false},
		{"v1.35.4", "v1beta3", "/apiServer/extraArgs/audit-log-path", true, true},
		{"v1.36.0", "v1beta4", "/apiServer/extraArgs/-", false, false},
		{"v1.37.2", "v1beta4", "/apiServer/extraArgs/-", true, true},
	} {
		t.Run(tc.version, func(t *testing.T) {
			t.Parallel()
			cfg, err := kindConfig(o, facts{version: version.MustParseSemantic(tc.version), cgroupV1: tc.cgroupV1, auditPolicy: "/p"})
			if err != nil {
				t.Fatal(err)
			}
			if len(cfg.Nodes) != 4 || cfg.Nodes[0].Role != v1alpha4.ControlPlaneRole || cfg.Nodes[0].ExtraMounts[0].HostPath != "/p" {
				t.Fatalf("unexpected nodes: %+v", cfg.Nodes)
			}
			if got := cfg.Nodes[1].Labels; len(got) != 1 || got["a"] != "b" {
				t.Errorf("labels of the first worker: %v", got)
			}
			if got := strings.Contains(strings.Join(cfg.KubeadmConfigPatches, ""), "failCgroupV1: false"); got != tc.relaxed {
				t.Errorf("failCgroupV1 is patched: %v, want %v", got, tc.relaxed)
			}
			var join struct {
				Kind             string
				NodeRegistration struct{ Taints []corev1.Taint }
			}
			if err := yaml.Unmarshal([]byte(cfg.Nodes[2].KubeadmConfigPatches[0]), &join); err != nil {
				t.Fatal(err)
			}
			if join.Kind != "JoinConfiguration" || len(join.NodeRegistration.Taints) != 1 || join.NodeRegistration.Taints[0].ToString() != "k=true:NoSchedule" {
				t.Errorf("taints of the second worker: %+v", join)
			}
			patch := cfg.KubeadmConfigPatchesJSON6902[0]
			if patch.Version != tc.api {
				t.Errorf("the patch is for %s, want %s", patch.Version, tc.api)
			}
			var ops []struct{ Op, Path string }
			if err := json.Unmarshal([]byte(patch.Patch), &ops); err != nil {
				t.Fatal(err)
			}
			found := false
			for _, op := range ops {
				found = found || op.Path == tc.path
			}
			if !found {
				t.Errorf("no operation on %s in %s", tc.path, patch.Patch)
			}
		})
	}
}

func TestNodeNameIsKinds(t *testing.T) {
	t.Parallel()
	for i, want := range []string{"c-worker", "c-worker2", "c-worker3"} {
		if got := clusters.NodeName("c", clusters.RoleWorker, i); got != want {
			t.Errorf("node %d is %s, want %s", i, got, want)
		}
	}
}

const beta4 = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
controlPlaneEndpoint: c-control-plane:6443
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
controlPlane: {localAPIEndpoint: {advertiseAddress: 10.0.0.2, bindPort: 6443}}
discovery:
  bootstrapToken: {apiServerEndpoint: "c-control-plane:6443", token: old.old, unsafeSkipCAVerification: true}
nodeRegistration:
  criSocket: unix:///run/containerd/containerd.sock
  kubeletExtraArgs:
  - {name: node-ip, value: 10.0.0.2}
  - {name: provider-id, value: kind://docker/c/c-control-plane}
  - {name: node-labels, value: ""}
  - {name: v, value: "4"}
skipPhases: [preflight]
`

func TestJoinConfiguration(t *testing.T) {
	t.Parallel()
	beta3 := strings.NewReplacer("v1beta4", "v1beta3",
		`  - {name: node-ip, value: 10.0.0.2}
  - {name: provider-id, value: kind://docker/c/c-control-plane}
  - {name: node-labels, value: ""}
  - {name: v, value: "4"}
`, `    node-ip: 10.0.0.2
    provider-id: kind://docker/c/c-control-plane
    node-labels: ""
    v: "4"
`).Replace(beta4)
	for api, conf := range map[string]string{"v1beta4": beta4, "v1beta3": beta3} {
		got, err := joinConfiguration(conf, joining{
			runtime: "docker", cluster: "c", node: "c-worker7", ip: "10.0.0.9", token: "abcdef.0123456789abcdef",
			labels: map[string]string{"b": "2", "a": "1"}, taints: []corev1.Taint{{Key: "k", Effect: corev1.TaintEffectNoExecute}},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := `apiVersion: kubeadm.k8s.io/` + api + `
discovery:
  bootstrapToken:
    apiServerEndpoint: c-control-plane:6443
    token: abcdef.0123456789abcdef
    unsafeSkipCAVerification: true
kind: JoinConfiguration
nodeRegistration:
  criSocket: unix:///run/containerd/containerd.sock
  kubeletExtraArgs:
` + map[string]string{"v1beta4": `  - name: v
    value: "4"
  - name: node-ip
    value: 10.0.0.9
  - name: provider-id
    value: kind://docker/c/c-worker7
  - name: node-labels
    value: a=1,b=2
`, "v1beta3": `    node-ip: 10.0.0.9
    node-labels: a=1,b=2
    provider-id: kind://docker/c/c-worker7
    v: "4"
`}[api] + `  name: c-worker7
  taints:
  - effect: NoExecute
    key: k
skipPhases:
- preflight
`
		if got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", api, got, want)
		}
	}
}

func TestJoinConfigurationWithoutTaintsSaysNone(t *testing.T) {
	t.Parallel()
	got, err := joinConfiguration(beta4, joining{node: "n"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got, "taints: []") {
		t.Errorf("a missing field would mean kubeadm's default taints:\n%s", got)
	}
	if _, err := joinConfiguration("kind: Other\n", joining{}); err == nil {
		t.Error("a configuration without JoinConfiguration was accepted")
	}
}

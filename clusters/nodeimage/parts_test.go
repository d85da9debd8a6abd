package nodeimage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"github.com/dsconform/dsconform/clusters/nodeimage/archive"
	"github.com/dsconform/dsconform/internal/exit"
)

const imageList = `registry.k8s.io/kube-apiserver:v1.37.2
registry.k8s.io/kube-controller-manager:v1.37.2
registry.k8s.io/kube-scheduler:v1.37.2
registry.k8s.io/kube-proxy:v1.37.2
registry.k8s.io/coredns/coredns:v1.14.6
registry.k8s.io/pause:3.10.2
registry.k8s.io/etcd:3.7.0-0
`

func TestParseWanted(t *testing.T) {
	w, err := parseWanted(imageList)
	if err != nil {
		t.Fatal(err)
	}
	if w.CoreDNS != "registry.k8s.io/coredns/coredns:v1.14.6" || w.Pause != "registry.k8s.io/pause:3.10.2" || w.Proxy != "registry.k8s.io/kube-proxy:v1.37.2" {
		t.Errorf("%+v", w)
	}
	if got := etcdVersion(w.Etcd); got != "v3.7.0" {
		t.Errorf("etcd %s", got)
	}
	if got := corednsVersion(w.CoreDNS); got != "v1.14.6" {
		t.Errorf("CoreDNS %s", got)
	}
	if _, err := parseWanted(strings.Replace(imageList, "registry.k8s.io/etcd:3.7.0-0\n", "", 1)); err == nil || !strings.Contains(err.Error(), "no etcd") {
		t.Errorf("a list without etcd: %v", err)
	}
	// An image nobody has declared a program for would be pulled by the nodes.
	if _, err := parseWanted(imageList + "registry.k8s.io/new:v1\n"); err == nil || !strings.Contains(err.Error(), "registry.k8s.io/new:v1") {
		t.Errorf("a list with an unknown image: %v", err)
	}
}

// The programs of our own are built with the versions they are tested with here.
func TestPinsAreThoseOfThisModule(t *testing.T) {
	path := filepath.Join("..", "..", "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := modfile.Parse(path, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	for _, r := range file.Require {
		have[r.Mod.Path] = r.Mod.Version
	}
	if have[kindModule] != kindModuleVersion {
		t.Errorf("%s is %s in go.mod and %s here", kindModule, have[kindModule], kindModuleVersion)
	}
	for name, require := range ownRequires() {
		for path, version := range require {
			if have[path] != version {
				t.Errorf("%s: %s is %s in go.mod and %s here", name, path, have[path], version)
			}
		}
	}
}

func TestOwnProgramsHaveTheirSource(t *testing.T) {
	programs, err := ownPrograms()
	if err != nil {
		t.Fatal(err)
	}
	if len(programs) != 3 {
		t.Fatalf("%d programs", len(programs))
	}
	for _, p := range programs {
		if len(p.Source["main.go"]) == 0 {
			t.Errorf("%s has no main.go", p.Name)
		}
		for file := range p.Source {
			if strings.HasSuffix(file, "_test.go") {
				t.Errorf("%s is built with %s", p.Name, file)
			}
		}
	}
}

func TestAdapt(t *testing.T) {
	config := "sandbox_image = \"registry.k8s.io/pause:3.10\"\nrestrict_oom_score_adj = false\n"
	got, err := adapt("etc/containerd/config.toml", []byte(config), "v1.37.2", "registry.k8s.io/pause:3.10.2")
	if want := "sandbox_image = \"registry.k8s.io/pause:3.10.2\"\nrestrict_oom_score_adj = true\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
	for version, want := range map[string]string{
		"v1.37.2": "KUBELET_EXTRA_ARGS=--fail-cgroupv1=false --a", "v1.31.0": "KUBELET_EXTRA_ARGS=--fail-cgroupv1=false --a",
		"v1.30.14": "KUBELET_EXTRA_ARGS=--a", // this kubelet does not know the flag and would not start
	} {
		got, err := adapt("etc/default/kubelet", []byte("KUBELET_EXTRA_ARGS=--a"), version, "")
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", version, got, err)
		}
	}
	if _, err := adapt("etc/containerd/config.toml", []byte("version = 3\n"), "v1.37.2", "x"); exit.Of(err) != exit.Internal {
		t.Errorf("a file of kind's that changed: %v", err)
	}
	if got, err := adapt("etc/other", []byte("restrict_oom_score_adj = false"), "v1.37.2", "x"); err != nil || string(got) != "restrict_oom_score_adj = false" {
		t.Errorf("another file: %q, %v", got, err)
	}
}

func TestKindFilesOfTheKindModule(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{
		"usr/local/bin/entrypoint": "#!/bin/bash", "etc/x.conf": "x",
		"etc/containerd/config.toml": "sandbox_image = \"registry.k8s.io/pause:3.10\"\nrestrict_oom_score_adj = false\n",
	} {
		path := filepath.Join(root, kindFilesDir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	files, err := kindFiles(root, "v1.37.2", "registry.k8s.io/pause:3.10.2")
	if err != nil || len(files) != 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if script := f.Path == "usr/local/bin/entrypoint"; script != (f.Mode == 0o755) {
			t.Errorf("%s has mode %o", f.Path, f.Mode)
		}
		if strings.Contains(string(f.Content), "oom") && !strings.Contains(string(f.Content), "restrict_oom_score_adj = true") {
			t.Errorf("%s is as kind has it", f.Path)
		}
	}
}

func TestAdaptSpec(t *testing.T) {
	got, err := adaptSpec([]byte(`{"process":{"rlimits":[{"type":"RLIMIT_NOFILE"}],"cwd":"/"},"linux":{"namespaces":[{"type":"pid"},{"type":"cgroup"}]}}`))
	if want := `{"linux":{"namespaces":[{"type":"pid"}]},"process":{"cwd":"/"}}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
	for _, bad := range []string{"", "{}", `{"process":{}}`} {
		if _, err := adaptSpec([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a specification", bad)
		}
	}
}

func content(files []archive.File, path string) string {
	for _, f := range files {
		if f.Path == path {
			return string(f.Content)
		}
	}
	return ""
}

// kind renders this manifest and patches the first container's environment.
func TestCNIManifest(t *testing.T) {
	files := kubernetesFiles("v1.37.2", "dsconform.dev/node-routes:k", map[string]string{})
	manifest := content(files, "kind/manifests/default-cni.yaml")
	for _, marker := range []string{"would you kindly template this file", "would you kindly patch this file", "{{ .PodSubnet }}"} {
		if !strings.Contains(manifest, marker) {
			t.Errorf("kind looks for %q in the manifest, which is not there", marker)
		}
	}
	var ds appsv1.DaemonSet
	for doc := range strings.SplitSeq(manifest, "\n---\n") {
		if strings.Contains(doc, "kind: DaemonSet") {
			if err := yaml.UnmarshalStrict([]byte(doc), &ds); err != nil {
				t.Fatal(err)
			}
		}
	}
	pod := ds.Spec.Template.Spec
	if len(pod.Containers) != 1 || pod.Containers[0].Image != "dsconform.dev/node-routes:k" || pod.Containers[0].ImagePullPolicy != "Never" {
		t.Errorf("containers %+v", pod.Containers)
	}
	if !pod.HostNetwork || len(pod.Tolerations) != 1 || pod.Tolerations[0].Operator != "Exists" || pod.Tolerations[0].Key != "" {
		t.Errorf("it must run on every node, on the node's own network: %+v", pod)
	}
	if content(files, "kind/version") != "v1.37.2" {
		t.Error("no version")
	}
}

func TestRuntimeFiles(t *testing.T) {
	has := func(version string) bool {
		files := runtimeFiles(nil, version, map[string]string{"runc": "key"})
		return content(files, "etc/systemd/system/containerd.service.d/10-cgroup-v1.conf") != ""
	}
	// Before 1.31 the kubelet does not ask containerd for the driver.
	if !has("v1.37.2") || !has("v1.31.0") || has("v1.30.14") {
		t.Error("the cgroup driver is switched for the wrong versions")
	}
}

func TestClusterImagesCarryKubeadmsNames(t *testing.T) {
	w, err := parseWanted(imageList)
	if err != nil {
		t.Fatal(err)
	}
	refs := map[string]bool{}
	for _, i := range clusterImages(w, "dsconform.dev/node-routes:k", map[string]string{}, archive.Files(archive.Text("sbin/iptables", ""))) {
		refs[i.Ref] = true
	}
	for ref := range strings.FieldsSeq(imageList + "dsconform.dev/node-routes:k") {
		if !refs[ref] {
			t.Errorf("no image %s", ref)
		}
	}
}

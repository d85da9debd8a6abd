package nodeimage

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dsconform/dsconform/clusters/nodeimage/archive"
	"github.com/dsconform/dsconform/internal/exit"
)

const stickyBit = fs.ModeSticky

//go:embed manifests/default-cni.yaml
var cniManifest string

//go:embed manifests/default-storage.yaml
var storageManifest string

// cgroupV1Unit chooses the cgroup driver on the host's cgroup version.
//
//go:embed files/containerd-cgroup-v1.conf
var cgroupV1Unit string

// kindFilesDir is where the kind module keeps the files of its base image.
const kindFilesDir = "images/base/files"

// kindFiles reads the files of kind's base image from the kind module and
// changes what this image needs otherwise.
func kindFiles(moduleDir, version, pauseRef string) ([]archive.File, error) {
	root := filepath.Join(moduleDir, filepath.FromSlash(kindFilesDir))
	var out []archive.File
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		at := filepath.ToSlash(rel)
		if content, err = adapt(at, content, version, pauseRef); err != nil {
			return err
		}
		f := archive.File{Path: at, Content: content}
		// kind's Dockerfile gives these two folders to scripts alone.
		if dir := path.Dir(at); dir == "usr/local/bin" || dir == "kind/bin" {
			f.Mode = 0o755
		}
		out = append(out, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the files of kind's base image in %s: %w", root, err)
	}
	return out, nil
}

// replacement is a text of a file of kind's that must be there exactly once.
type replacement struct{ old, new string }

// adapt changes a file of kind's. A text to be changed that is not there means
// that kind changed the file: better no image than one that half works.
func adapt(at string, content []byte, version, pauseRef string) ([]byte, error) {
	var changes []replacement
	switch at {
	case "etc/containerd/config.toml":
		changes = []replacement{
			// A host may not let containers lower their OOM score below
			// containerd's own; the kubelet asks for that for every sandbox.
			{`restrict_oom_score_adj = false`, `restrict_oom_score_adj = true`},
			{`sandbox_image = "registry.k8s.io/pause:3.10"`, `sandbox_image = "` + pauseRef + `"`},
		}
	case "etc/default/kubelet":
		if atLeast(version, "v1.31") {
			// Hosts with cgroup v1 still exist; from 1.35 on the kubelet refuses
			// them unless told otherwise. The flag has no effect with cgroup v2.
			changes = []replacement{{`KUBELET_EXTRA_ARGS=`, `KUBELET_EXTRA_ARGS=--fail-cgroupv1=false `}}
		}
	}
	text := string(content)
	for _, c := range changes {
		if strings.Count(text, c.old) != 1 {
			return nil, exit.Internalf("kind's %s does not have %q exactly once: this dsconform does not fit that kind version", at, c.old)
		}
		text = strings.Replace(text, c.old, c.new, 1)
	}
	return []byte(text), nil
}

// runtimeFiles are what makes the root file system a node: kind's files, the
// container runtime and the CNI plugins. bin has the path of every program.
func runtimeFiles(files []archive.File, version string, bin map[string]string) []archive.File {
	const wants = "etc/systemd/system/multi-user.target.wants/"
	files = append(slices.Clone(files),
		archive.Executable("usr/local/sbin/runc", bin["runc"]),
		archive.File{Path: wants + "kubelet.service", Link: "/etc/systemd/system/kubelet.service"},
		archive.File{Path: wants + "containerd.service", Link: "/etc/systemd/system/containerd.service"},
		archive.File{Path: wants + "undo-mount-hacks.service", Link: "/etc/systemd/system/undo-mount-hacks.service"},
		// It would register formats with the host's kernel.
		archive.File{Path: "etc/systemd/system/systemd-binfmt.service", Link: "/dev/null"},
		// Kernel messages are the host's and only confuse in a node's journal.
		archive.Text("etc/systemd/journald.conf.d/10-node.conf", "[Journal]\nReadKMsg=no\n"),
		archive.Dir("etc/kubernetes/manifests", 0o755),
		archive.File{Path: "usr/sbin/init", Link: "/usr/lib/systemd/systemd"},
	)
	for _, name := range []string{"containerd", "ctr", "containerd-shim-runc-v2", "crictl"} {
		files = append(files, archive.Executable("usr/local/bin/"+name, bin[name]))
	}
	for _, name := range []string{"ptp", "host-local", "loopback", "portmap"} {
		files = append(files, archive.Executable("opt/cni/bin/"+name, bin[name]))
	}
	if atLeast(version, "v1.31") {
		files = append(files, archive.Text("etc/systemd/system/containerd.service.d/10-cgroup-v1.conf", cgroupV1Unit))
	}
	return files
}

// kubernetesFiles are what is of one Kubernetes version alone.
func kubernetesFiles(version, routesRef string, bin map[string]string) []archive.File {
	return []archive.File{
		archive.Executable("usr/bin/kubelet", bin["kubelet"]),
		archive.Executable("usr/bin/kubeadm", bin["kubeadm"]),
		archive.Executable("usr/bin/kubectl", bin["kubectl"]),
		archive.Text("kind/version", version),
		archive.Text("kind/manifests/default-cni.yaml", strings.Replace(cniManifest, "NODE_ROUTES_IMAGE", routesRef, 1)),
		archive.Text("kind/manifests/default-storage.yaml", storageManifest),
	}
}

// baseSpec makes the OCI specification every container on a node starts from:
// containerd's own, without limits, because a host may not let them be raised,
// and without a cgroup namespace, which containerd adds where it is due.
//
// kind adds a hook that hides the host's product name from containers. Three
// programs more per container start are not worth it here.
func baseSpec(ctx context.Context, ctr string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, ctr, "oci", "spec").Output()
	if err != nil {
		return nil, fmt.Errorf("asking ctr for a container specification: %w%s", err, stderrOf(err))
	}
	return adaptSpec(out)
}

func adaptSpec(spec []byte) ([]byte, error) {
	var s map[string]any
	if err := json.Unmarshal(spec, &s); err != nil {
		return nil, fmt.Errorf("reading ctr's container specification: %w", err)
	}
	process, ok := s["process"].(map[string]any)
	linux, ok2 := s["linux"].(map[string]any)
	if !ok || !ok2 {
		return nil, fmt.Errorf("ctr's container specification has no process or no linux part")
	}
	delete(process, "rlimits")
	namespaces, _ := linux["namespaces"].([]any)
	linux["namespaces"] = slices.DeleteFunc(namespaces, func(n any) bool {
		m, ok := n.(map[string]any)
		return ok && m["type"] == "cgroup"
	})
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encoding the container specification: %w", err)
	}
	return text, nil
}

package nodeimage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/dsconform/dsconform/clusters/binaries"
)

// wanted are the images kubeadm of one Kubernetes version asks for, as it
// spells them: nothing else makes it use what is in the node image.
type wanted struct {
	APIServer         string `json:"kube-apiserver"`
	ControllerManager string `json:"kube-controller-manager"`
	Scheduler         string `json:"kube-scheduler"`
	Proxy             string `json:"kube-proxy"`
	CoreDNS           string `json:"coredns"`
	Pause             string `json:"pause"`
	Etcd              string `json:"etcd"`
}

// parseWanted reads what `kubeadm config images list` prints.
func parseWanted(output string) (wanted, error) {
	var w wanted
	places := map[string]*string{
		"kube-apiserver": &w.APIServer, "kube-controller-manager": &w.ControllerManager,
		"kube-scheduler": &w.Scheduler, "kube-proxy": &w.Proxy,
		"coredns": &w.CoreDNS, "pause": &w.Pause, "etcd": &w.Etcd,
	}
	for ref := range strings.FieldsSeq(output) {
		name, _, _ := strings.Cut(ref[strings.LastIndex(ref, "/")+1:], ":")
		place, ok := places[name]
		if !ok {
			return w, fmt.Errorf("kubeadm asks for the image %s, which no program is known for", ref)
		}
		*place = ref
	}
	for name, place := range places {
		if *place == "" {
			return w, fmt.Errorf("kubeadm's list of images has no %s: %q", name, output)
		}
	}
	return w, nil
}

// etcdVersion gives the version of the etcd module an image tag stands for:
// registry.k8s.io/etcd:3.7.0-0 is the first packaging of v3.7.0.
func etcdVersion(ref string) string {
	tag := ref[strings.LastIndex(ref, ":")+1:]
	release, _, _ := strings.Cut(tag, "-")
	return "v" + strings.TrimPrefix(release, "v")
}

// corednsVersion gives the version of the CoreDNS module an image tag stands for.
func corednsVersion(ref string) string {
	return "v" + strings.TrimPrefix(ref[strings.LastIndex(ref, ":")+1:], "v")
}

// needs is what one Kubernetes version needs beside itself.
type needs struct {
	// Images are the images kubeadm asks for.
	Images wanted `json:"images"`
	// Etcd and CoreDNS are the module versions those images are built from.
	Etcd    string `json:"etcd"`
	CoreDNS string `json:"coredns"`
}

// errNotBuilt is the error of needs where it would take a build to tell.
var errNotBuilt = errors.New("it was never built here")

// needs gives what the version needs. The answer is kept beside the images
// made, by kubeadm's own content key, so that it does not change with what the
// proxy has on another day. Where it is not kept, kubeadm is built and asked if
// build allows it; otherwise the error is errNotBuilt.
func (c *composer) needs(ctx context.Context, build bool) (needs, error) {
	var n needs
	keys, err := c.builder.Keys(ctx, binaries.Kubernetes(c.version, "kubeadm")...)
	if err != nil {
		return n, err
	}
	kept := filepath.Join(c.dir, "needs-"+keys["kubeadm"]+".json")
	text, err := os.ReadFile(kept)
	if err == nil && json.Unmarshal(text, &n) == nil && n.Etcd != "" && n.CoreDNS != "" {
		return n, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return n, fmt.Errorf("reading what Kubernetes %s needs: %w", c.version, err)
	}
	if !build {
		return n, errNotBuilt
	}
	if n.Images, err = c.askKubeadm(ctx); err != nil {
		return n, err
	}
	etcd, coredns := etcdVersion(n.Images.Etcd), corednsVersion(n.Images.CoreDNS)
	if n.Etcd, err = c.fitting(ctx, binaries.Etcd(etcd)[0]); err != nil {
		return n, err
	}
	if n.CoreDNS, err = c.fitting(ctx, binaries.CoreDNS(coredns)[0]); err != nil {
		return n, err
	}
	text, err = json.Marshal(n)
	if err != nil {
		return n, fmt.Errorf("encoding what Kubernetes %s needs: %w", c.version, err)
	}
	return n, writeFile(kept, text)
}

// askKubeadm gives the images kubeadm wants.
func (c *composer) askKubeadm(ctx context.Context) (wanted, error) {
	// All of Kubernetes is built at once, because it shares most of its packages
	// and what asks for kubeadm's list asks for the rest next.
	paths, err := c.builder.Build(ctx, binaries.Kubernetes(c.version)...)
	if err != nil {
		return wanted{}, err
	}
	out, err := exec.CommandContext(ctx, paths["kubeadm"], "config", "images", "list", "--kubernetes-version", c.version).Output()
	if err != nil {
		return wanted{}, fmt.Errorf("asking kubeadm %s for its images: %w%s", c.version, err, stderrOf(err))
	}
	return parseWanted(string(out))
}

// fitting gives the version to build a program in, see binaries.Builder.Fitting.
func (c *composer) fitting(ctx context.Context, p binaries.Program) (string, error) {
	v, err := c.builder.Fitting(ctx, p.Module, p.Version)
	if err == nil && v != p.Version {
		c.Log.Notef("node image: %s is not on the Go module proxy, %s takes its place", p, v)
	}
	return v, err
}

// programs declares every program of the node image.
func programs(version string, n needs) ([]binaries.Program, error) {
	all := binaries.Kubernetes(version)
	all = append(all, binaries.Containerd()...)
	all = append(all, binaries.Runc()...)
	all = append(all, binaries.CNI()...)
	all = append(all, binaries.Etcd(n.Etcd)...)
	all = append(all, binaries.CoreDNS(n.CoreDNS)...)
	own, err := ownPrograms()
	if err != nil {
		return nil, err
	}
	return append(all, own...), nil
}

// atLeast tells whether version is minor (v1.31) or later.
func atLeast(version, minor string) bool { return semver.Compare(version, minor+".0-0") >= 0 }

// stderrOf quotes what a program that failed had to say, if it was kept.
func stderrOf(err error) string {
	var e *exec.ExitError
	if errors.As(err, &e) && len(e.Stderr) > 0 {
		return ": " + strings.TrimSpace(string(e.Stderr))
	}
	return ""
}

// writeFile puts a small file in place by a rename.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".part-")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

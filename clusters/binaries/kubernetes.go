package binaries

import (
	"fmt"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/dsconform/dsconform/internal/exit"
)

const (
	// KubernetesModule is the module all of Kubernetes' programs come from.
	KubernetesModule = "k8s.io/kubernetes"
	// DefaultKubernetes is the version built when none is asked for.
	DefaultKubernetes = "v1.37.2"
	// MinKubernetes is the oldest minor version that is built. It is the oldest
	// on the module proxy, and older ones do not compile with today's Go.
	MinKubernetes = "v1.29.0"
)

// KubernetesNames are the programs of Kubernetes this package can build.
func KubernetesNames() []string {
	return []string{
		"kubelet", "kubeadm", "kubectl",
		"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy",
	}
}

// NormalizeKubernetes gives version as the proxy spells it ("1.37.2" becomes
// "v1.37.2", "" the default), or an error of class Usage if it is malformed or
// older than MinKubernetes. It does not ask the proxy whether it exists:
// Builder.CheckKubernetes does.
func NormalizeKubernetes(version string) (string, error) {
	if version == "" {
		return DefaultKubernetes, nil
	}
	v := version
	if !strings.HasPrefix(v, "v") {
		v = "v" + v
	}
	if !semver.IsValid(v) || semver.Canonical(v) != v || semver.Build(v) != "" {
		return "", exit.Usagef("Kubernetes version %q is malformed: give it as vMAJOR.MINOR.PATCH, such as %s", version, DefaultKubernetes)
	}
	if semver.Compare(v, MinKubernetes) < 0 {
		return "", exit.Usagef("Kubernetes %s is too old: %s is the oldest that can be built", v, MinKubernetes)
	}
	if semver.Major(v) != "v1" {
		return "", exit.Usagef("Kubernetes %s does not exist: known versions are v1.X.Y, such as %s", v, DefaultKubernetes)
	}
	return v, nil
}

// Kubernetes declares programs of Kubernetes, all of KubernetesNames when no
// names are given. The version must be one that NormalizeKubernetes returned.
// The version is stamped in: kubeadm and the kubelet derive image names and
// skew checks from it.
func Kubernetes(version string, names ...string) []Program {
	if len(names) == 0 {
		names = KubernetesNames()
	}
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	var stamp []string
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		for _, kv := range [][2]string{
			{"gitVersion", version}, {"gitMajor", major}, {"gitMinor", minor},
			// An archive from the proxy tells neither commit nor tree.
			{"gitCommit", "unknown"}, {"gitTreeState", "archive"},
		} {
			stamp = append(stamp, fmt.Sprintf("-X %s.%s=%s", pkg, kv[0], kv[1]))
		}
	}
	out := make([]Program, 0, len(names))
	for _, name := range names {
		out = append(out, Program{
			Name: name, Module: KubernetesModule, Version: version,
			Package: KubernetesModule + "/cmd/" + name, LDFlags: stamp,
		})
	}
	return out
}

// nearest picks from versions the ones closest to wanted: the newest below it
// and the oldest above it, at most two, in ascending order. versions need not
// be sorted; pre-releases are not offered.
func nearest(wanted string, versions []string) []string {
	var below, above string
	for _, v := range versions {
		if !semver.IsValid(v) || semver.Prerelease(v) != "" {
			continue
		}
		switch c := semver.Compare(v, wanted); {
		case c < 0 && (below == "" || semver.Compare(v, below) > 0):
			below = v
		case c > 0 && (above == "" || semver.Compare(v, above) < 0):
			above = v
		}
	}
	var out []string
	for _, v := range []string{below, above} {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}

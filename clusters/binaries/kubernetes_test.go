package binaries

import (
	"slices"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/internal/exit"
)

func TestNormalizeKubernetes(t *testing.T) {
	for in, want := range map[string]string{
		"": DefaultKubernetes, "v1.37.2": "v1.37.2", "1.29.6": "v1.29.6", "v1.38.0-alpha.1": "v1.38.0-alpha.1",
	} {
		if got, err := NormalizeKubernetes(in); err != nil || got != want {
			t.Errorf("NormalizeKubernetes(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"latest": "malformed", "1.37": "malformed", "v1": "malformed", "v1.37.2+build": "malformed", "v1.37.2 ": "malformed",
		"1.28.15": "too old", "v0.37.2": "too old", "v2.0.0": "does not exist",
	} {
		_, err := NormalizeKubernetes(in)
		if exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), want) {
			t.Errorf("NormalizeKubernetes(%q): error %v, want one of class Usage with %q", in, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("NormalizeKubernetes(%q): the error has more than one line", in)
		}
	}
}

func TestKubernetesIsStamped(t *testing.T) {
	programs := Kubernetes("v1.36.3", "kubelet", "kubeadm")
	if len(programs) != 2 || programs[0].Package != "k8s.io/kubernetes/cmd/kubelet" {
		t.Fatalf("got %v", programs)
	}
	for _, want := range []string{
		"-X k8s.io/component-base/version.gitVersion=v1.36.3",
		"-X k8s.io/component-base/version.gitMajor=1",
		"-X k8s.io/component-base/version.gitMinor=36",
		"-X k8s.io/client-go/pkg/version.gitVersion=v1.36.3",
	} {
		if !slices.Contains(programs[0].LDFlags, want) {
			t.Errorf("no %s in %v", want, programs[0].LDFlags)
		}
	}
	if got := len(Kubernetes("v1.36.3")); got != len(KubernetesNames()) {
		t.Errorf("without names there are %d programs, want %d", got, len(KubernetesNames()))
	}
}

func TestNearest(t *testing.T) {
	known := []string{"v1.29.6", "v1.34.4", "v1.36.1", "v1.36.3", "v1.37.2", "v1.38.0-alpha.0", "bad"}
	for wanted, want := range map[string][]string{
		"v1.36.2":  {"v1.36.1", "v1.36.3"},
		"v1.37.9":  {"v1.37.2"},
		"v1.28.0":  {"v1.29.6"},
		"v1.30.99": {"v1.29.6", "v1.34.4"},
	} {
		if got := nearest(wanted, known); !slices.Equal(got, want) {
			t.Errorf("nearest(%s) = %v, want %v", wanted, got, want)
		}
	}
}

func TestFitting(t *testing.T) {
	known := []string{"v3.5.16", "v3.6.0", "v3.6.4", "v3.6.12", "v3.7.0-rc.0", "v3.8.1"}
	for wanted, want := range map[string]string{
		"v3.6.4":  "v3.6.12", // only asked when it is not there itself
		"v3.6.20": "v3.6.12",
		"v3.7.0":  "v3.8.1", // not the release candidate
		"v3.4.0":  "v3.5.16",
		"v3.9.0":  "v3.8.1",
	} {
		if got := fitting(wanted, known); got != want {
			t.Errorf("fitting(%s) = %s, want %s", wanted, got, want)
		}
	}
	if got := fitting("v1.0.0", []string{"v1.0.1-rc.1"}); got != "" {
		t.Errorf("a pre-release was taken: %s", got)
	}
}

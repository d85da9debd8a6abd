package binaries

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// kubeadmEtcd finds, in kubeadm's source, the release of etcd it sets up.
var kubeadmEtcd = regexp.MustCompile(`DefaultEtcdVersion\s*=\s*"([0-9.]+)(-[0-9]+)?"`)

// EtcdFor declares the etcd that kubeadm sets up with a Kubernetes version, or
// the one nearest to it by the rule of Fitting. Errors are those of Build.
func (b *Builder) EtcdFor(ctx context.Context, kubernetes string) (Program, error) {
	dir, err := b.ModuleDir(ctx, KubernetesModule, kubernetes)
	if err != nil {
		return Program{}, err
	}
	source, err := os.ReadFile(filepath.Join(dir, "cmd", "kubeadm", "app", "constants", "constants.go"))
	if err != nil {
		return Program{}, fmt.Errorf("looking for the etcd of Kubernetes %s: %w", kubernetes, err)
	}
	wanted, err := etcdIn(string(source))
	if err != nil {
		return Program{}, fmt.Errorf("looking for the etcd of Kubernetes %s: %w", kubernetes, err)
	}
	version, err := b.Fitting(ctx, Etcd(wanted)[0].Module, wanted)
	if err != nil {
		return Program{}, err
	}
	return Etcd(version)[0], nil
}

// etcdIn reads the version out of kubeadm's constants.
func etcdIn(source string) (string, error) {
	found := kubeadmEtcd.FindStringSubmatch(source)
	if found == nil {
		return "", fmt.Errorf("kubeadm's constants name no DefaultEtcdVersion")
	}
	return "v" + strings.TrimPrefix(found[1], "v"), nil
}

package kind

import (
	"context"
	"fmt"
	"slices"
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/yaml"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/await"
)

const (
	kcm         = "kube-controller-manager"
	kcmManifest = "/etc/kubernetes/manifests/kube-controller-manager.yaml"
)

// kubeadmControllers are off by default and on in a kubeadm cluster: without
// them no node can join once the first bootstrap token has expired.
func kubeadmControllers() []string {
	return []string{"bootstrapsigner", "tokencleaner"}
}

// controllersFlag gives the --controllers value for a wish such as
// "*,-daemonset-controller": the controllers kubeadm switches on stay on unless
// the wish names them.
func controllersFlag(wish string) (string, error) {
	return clusters.ControllersFlag(wish, kubeadmControllers()...)
}

// setControllers restarts kube-controller-manager on every control-plane node
// with another --controllers value by way of its static pod's manifest, and
// waits until one of the restarted leads. The cluster's own DaemonSets have come
// up before, with all controllers.
func (c *Cluster) setControllers(ctx context.Context, cs kubernetes.Interface, wish string) error {
	flag, err := controllersFlag(wish)
	if err != nil {
		return err
	}
	ms, err := c.containers.machines(ctx, c.name)
	if err != nil {
		return err
	}
	lease, err := cs.CoordinationV1().Leases(metav1.NamespaceSystem).Get(ctx, kcm, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading who leads: %w", err)
	}
	before := holder(lease)
	for _, m := range ms {
		if m.Role != "control-plane" {
			continue
		}
		if err := c.editManifest(ctx, m.Name, flag); err != nil {
			return err
		}
		if err := awaitFlag(ctx, cs, kcm+"-"+m.Name, "--controllers="+flag); err != nil {
			return err
		}
	}
	leases := cache.NewListWatchFromClient(cs.CoordinationV1().RESTClient(), "leases", metav1.NamespaceSystem, fields.OneTermEqualSelector(metav1.ObjectNameField, kcm))
	return await.Until(ctx, leases, "the restarted "+kcm+" to lead", func(found []*coordinationv1.Lease) (bool, string) {
		for _, l := range found {
			if now := holder(l); now != "" && now != before {
				return true, ""
			}
		}
		return false, "the lease is still held by " + before
	})
}

func holder(l *coordinationv1.Lease) string {
	if l.Spec.HolderIdentity == nil {
		return ""
	}
	return *l.Spec.HolderIdentity
}

// editManifest replaces the static pod's manifest. The new one is written
// beside the watched folder and moved in, so that the kubelet never reads half.
func (c *Cluster) editManifest(ctx context.Context, node, flag string) error {
	old, err := c.containers.exec(ctx, node, "cat", kcmManifest)
	if err != nil {
		return fmt.Errorf("reading %s of %s: %w", kcmManifest, node, err)
	}
	edited, err := withControllers(old, flag)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", kcmManifest, node, err)
	}
	const draft = "/etc/kubernetes/kube-controller-manager.yaml.new"
	if err := c.writeFile(ctx, node, draft, edited); err != nil {
		return err
	}
	if _, err := c.containers.exec(ctx, node, "sh", "-c", "chmod 600 "+draft+" && mv "+draft+" "+kcmManifest); err != nil {
		return fmt.Errorf("replacing %s of %s: %w", kcmManifest, node, err)
	}
	return nil
}

// withControllers gives the manifest with another --controllers flag.
func withControllers(manifest, flag string) (string, error) {
	var pod corev1.Pod
	if err := yaml.UnmarshalStrict([]byte(manifest), &pod); err != nil {
		return "", fmt.Errorf("reading the manifest: %w", err)
	}
	if len(pod.Spec.Containers) != 1 {
		return "", fmt.Errorf("%d containers in the manifest, one expected", len(pod.Spec.Containers))
	}
	command := pod.Spec.Containers[0].Command
	kept := slices.DeleteFunc(slices.Clone(command), func(arg string) bool { return strings.HasPrefix(arg, "--controllers=") })
	pod.Spec.Containers[0].Command = append(kept, "--controllers="+flag)
	raw, err := yaml.Marshal(pod)
	if err != nil {
		return "", fmt.Errorf("writing the manifest: %w", err)
	}
	return string(raw), nil
}

// awaitFlag waits until a static pod runs, ready, with a flag.
func awaitFlag(ctx context.Context, cs kubernetes.Interface, name, flag string) error {
	pods := cache.NewListWatchFromClient(cs.CoreV1().RESTClient(), "pods", metav1.NamespaceSystem, fields.OneTermEqualSelector(metav1.ObjectNameField, name))
	return await.Until(ctx, pods, "pod "+name+" to run with "+flag, func(found []*corev1.Pod) (bool, string) {
		for _, p := range found {
			return runsWith(p, flag)
		}
		return false, "the pod is gone"
	})
}

// runsWith judges one pod: its command must hold the flag and its container be ready.
func runsWith(p *corev1.Pod, flag string) (bool, string) {
	for _, container := range p.Spec.Containers {
		if !slices.Contains(container.Command, flag) {
			return false, "the pod has other flags"
		}
	}
	for _, cond := range p.Status.Conditions {
		if cond.Type == corev1.PodReady && cond.Status == corev1.ConditionTrue {
			return true, ""
		}
	}
	return false, "the pod is not ready"
}

package kind

import (
	"context"
	"fmt"
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/internal/exit"
)

// The cluster's own DaemonSet controller is a part of kube-controller-manager.
var _ clusters.ControllerRestarter = (*Cluster)(nil)

// kcmParked is where the static pod's manifest waits while it is stopped.
const kcmParked = "/etc/kubernetes/kube-controller-manager.yaml.stopped"

// StopController implements clusters.ControllerRestarter: the kubelet of every
// control-plane node loses the static pod's manifest, and ends the pod.
func (c *Cluster) StopController(ctx context.Context) error {
	return c.onControllers(ctx, "stopping", func(ctx context.Context, cs kubernetes.Interface, nodes []string) error {
		for _, node := range nodes {
			if err := c.moveManifest(ctx, node, kcmManifest, kcmParked); err != nil {
				return err
			}
		}
		for _, node := range nodes {
			if err := awaitPod(ctx, cs, kcm+"-"+node, "to be gone", podGone); err != nil {
				return err
			}
		}
		return nil
	})
}

// StartController implements clusters.ControllerRestarter: the manifests come
// back, and it returns when one of the new processes leads.
func (c *Cluster) StartController(ctx context.Context) error {
	return c.onControllers(ctx, "starting", func(ctx context.Context, cs kubernetes.Interface, nodes []string) error {
		stopped, err := c.parked(ctx, nodes)
		if err != nil {
			return err
		}
		if stopped == len(nodes) {
			// Nobody is left to hold it: the new ones would wait until it has run out.
			err := cs.CoordinationV1().Leases(metav1.NamespaceSystem).Delete(ctx, kcm, metav1.DeleteOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				return fmt.Errorf("deleting the lease of those before: %w", err)
			}
		}
		for _, node := range nodes {
			if err := c.moveManifest(ctx, node, kcmParked, kcmManifest); err != nil {
				return err
			}
		}
		for _, node := range nodes {
			if err := awaitPod(ctx, cs, kcm+"-"+node, "to be ready", podReady); err != nil {
				return err
			}
		}
		leases := cache.NewListWatchFromClient(cs.CoordinationV1().RESTClient(), "leases", metav1.NamespaceSystem, fields.OneTermEqualSelector(metav1.ObjectNameField, kcm))
		return await.Until(ctx, leases, "a "+kcm+" to lead", func(found []*coordinationv1.Lease) (bool, string) {
			for _, l := range found {
				if holder(l) != "" {
					return true, ""
				}
			}
			return false, "nobody holds the lease"
		})
	})
}

// restoreController starts the controllers that a run which was killed had stopped.
func (c *Cluster) restoreController(ctx context.Context) error {
	stopped := 0
	err := c.onControllers(ctx, "looking for", func(ctx context.Context, _ kubernetes.Interface, nodes []string) (err error) {
		stopped, err = c.parked(ctx, nodes)
		return err
	})
	if err != nil || stopped == 0 {
		return err
	}
	c.log.Notef("starting the %s that an earlier run had stopped", kcm)
	return c.StartController(ctx)
}

// parked counts the control-plane nodes whose controller manager is stopped.
func (c *Cluster) parked(ctx context.Context, nodes []string) (int, error) {
	stopped := 0
	for _, node := range nodes {
		found, err := c.exists(ctx, node, kcmParked)
		if err != nil {
			return 0, err
		}
		if found {
			stopped++
		}
	}
	return stopped, nil
}

// onControllers does something to the controller managers of all control-plane nodes.
func (c *Cluster) onControllers(ctx context.Context, doing string, do func(context.Context, kubernetes.Interface, []string) error) error {
	ctx, cancel := bound(ctx, c.timeouts.NodeReady)
	defer cancel()
	cs, err := c.client()
	if err != nil {
		return err
	}
	ms, err := c.containers.machines(ctx, c.name)
	if err != nil {
		return err
	}
	var nodes []string
	for _, m := range ms {
		if m.Role == string(clusters.RoleControlPlane) {
			nodes = append(nodes, m.Name)
		}
	}
	if err := do(ctx, cs, nodes); err != nil {
		return exit.Environmentf("%s the %s of cluster %s: %w", doing, kcm, c.name, err)
	}
	return nil
}

// moveManifest moves the manifest, if it is there.
func (c *Cluster) moveManifest(ctx context.Context, node, from, to string) error {
	if _, err := c.containers.exec(ctx, node, "sh", "-c", fmt.Sprintf("if [ -e %s ]; then mv %s %s; fi", from, from, to)); err != nil {
		return fmt.Errorf("moving %s of %s: %w", from, node, err)
	}
	return nil
}

// exists tells whether a node has the file.
func (c *Cluster) exists(ctx context.Context, node, path string) (bool, error) {
	said, err := c.containers.exec(ctx, node, "sh", "-c", fmt.Sprintf("if [ -e %s ]; then echo yes; fi", path))
	if err != nil {
		return false, fmt.Errorf("looking for %s on %s: %w", path, node, err)
	}
	return strings.TrimSpace(said) == "yes", nil
}

func awaitPod(ctx context.Context, cs kubernetes.Interface, name, what string, judge func([]*corev1.Pod) (bool, string)) error {
	pods := cache.NewListWatchFromClient(cs.CoreV1().RESTClient(), "pods", metav1.NamespaceSystem, fields.OneTermEqualSelector(metav1.ObjectNameField, name))
	return await.Until(ctx, pods, "pod "+name+" "+what, judge)
}

// podGone judges that the one pod that is watched is gone.
func podGone(pods []*corev1.Pod) (bool, string) { return len(pods) == 0, "it is still there" }

// podReady judges that the one pod that is watched is ready.
func podReady(pods []*corev1.Pod) (bool, string) {
	if len(pods) == 0 {
		return false, "the pod is not there"
	}
	for _, cond := range pods[0].Status.Conditions {
		if cond.Type == corev1.PodReady && cond.Status == corev1.ConditionTrue {
			return true, ""
		}
	}
	return false, "the pod is " + string(pods[0].Status.Phase) + " and not ready"
}

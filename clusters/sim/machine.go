package sim

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/dsconform/dsconform/clusters/sim/kubelet"
	"github.com/dsconform/dsconform/internal/exit"
)

// StopKubelet implements clusters.KubeletStopper: from now on nothing acts for
// the node. It is the node life-cycle controller that notices, by the lease
// that is no longer renewed.
func (c *Cluster) StopKubelet(ctx context.Context, node string) error {
	return c.onNode(ctx, node, func(ctx context.Context, cs kubernetes.Interface, _ *corev1.Node) error {
		return c.setState(ctx, cs, node, kubelet.StateStopped)
	})
}

// StartKubelet implements clusters.KubeletStopper.
func (c *Cluster) StartKubelet(ctx context.Context, node string) error {
	return c.onNode(ctx, node, func(ctx context.Context, cs kubernetes.Interface, _ *corev1.Node) error {
		return c.setState(ctx, cs, node, kubelet.StateRunning)
	})
}

// PauseNode implements clusters.NodePauser: to the API, a machine that is
// frozen is one whose kubelet is gone.
func (c *Cluster) PauseNode(ctx context.Context, node string) error { return c.StopKubelet(ctx, node) }

// UnpauseNode implements clusters.NodePauser.
func (c *Cluster) UnpauseNode(ctx context.Context, node string) error {
	return c.StartKubelet(ctx, node)
}

// StopNode stops the whole machine of a node as if its power went: its Node and
// its pods stay in the API as they were.
func (c *Cluster) StopNode(ctx context.Context, node string) error { return c.StopKubelet(ctx, node) }

// StartNode starts a machine that was stopped: its containers start anew.
func (c *Cluster) StartNode(ctx context.Context, node string) error { return c.RebootNode(ctx, node) }

// RebootNode implements clusters.NodeRebooter: the machine comes up with a new
// boot ID, and every container on it is started anew.
func (c *Cluster) RebootNode(ctx context.Context, node string) error {
	return c.onNode(ctx, node, func(ctx context.Context, cs kubernetes.Interface, n *corev1.Node) error {
		if err := c.setState(ctx, cs, node, kubelet.StateStopped); err != nil {
			return err
		}
		if err := patchStatus(ctx, kubelet.BootPatch(), func(ctx context.Context, patch []byte) error {
			_, err := cs.CoreV1().Nodes().Patch(ctx, node, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
			return err
		}); err != nil {
			return fmt.Errorf("rebooting node %s: %w", node, err)
		}
		if err := restartPods(ctx, cs, n.Name); err != nil {
			return err
		}
		return c.setState(ctx, cs, node, kubelet.StateRunning)
	})
}

// restartPods starts anew what the API says runs on a machine that has just come
// up: a reboot, or another machine under the name of one that is gone.
func restartPods(ctx context.Context, cs kubernetes.Interface, node string) error {
	pods, err := cs.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("spec.nodeName", node).String()})
	if err != nil {
		return fmt.Errorf("listing the pods of node %s: %w", node, err)
	}
	for i := range pods.Items {
		if err := restartPod(ctx, cs, &pods.Items[i]); err != nil {
			return err
		}
	}
	return nil
}

// restartPod writes what a kubelet finds after a reboot: the containers are gone
// and started once more.
func restartPod(ctx context.Context, cs kubernetes.Interface, pod *corev1.Pod) error {
	status := kubelet.Rebooted(pod, metav1.Now())
	if status == nil {
		return nil
	}
	err := patchStatus(ctx, status, func(ctx context.Context, patch []byte) error {
		_, err := cs.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
		return err
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("starting pod %s/%s anew: %w", pod.Namespace, pod.Name, err)
	}
	return nil
}

func patchStatus(ctx context.Context, status any, send func(context.Context, []byte) error) error {
	raw, err := json.Marshal(map[string]any{"status": status})
	if err != nil {
		return fmt.Errorf("encoding a status: %w", err)
	}
	return send(ctx, raw)
}

// setState says on the node whether its kubelet runs.
func (c *Cluster) setState(ctx context.Context, cs kubernetes.Interface, node, value string) error {
	raw, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]string{kubelet.StateLabel: value}}})
	if err != nil {
		return fmt.Errorf("encoding a label: %w", err)
	}
	if _, err := cs.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, raw, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("setting the kubelet of node %s to %s: %w", node, value, err)
	}
	return nil
}

// onNode runs one action on a node within Timeouts.NodeCommand and words its error.
func (c *Cluster) onNode(ctx context.Context, name string, act func(context.Context, kubernetes.Interface, *corev1.Node) error) error {
	ctx, cancel := bound(ctx, c.timeouts.NodeCommand)
	defer cancel()
	cs, err := c.client()
	if err != nil {
		return err
	}
	node, err := cs.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return c.Has(ctx, name)
	}
	if err != nil {
		return exit.Environmentf("cluster %s: reading node %s: %w", c.name, name, err)
	}
	if err := simulated(node); err != nil {
		return err
	}
	if err := act(ctx, cs, node); err != nil {
		return exit.Environmentf("cluster %s: %w", c.name, err)
	}
	return nil
}

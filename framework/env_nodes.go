package framework

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework/history"
)

// LabelNode sets a label on the node; the label is taken off at the end. Use
// keys of Env.Key, which no other spec looks at.
func (e *Env) LabelNode(ctx context.Context, node, key, value string) {
	e.Cleanup(fmt.Sprintf("take label %s off node %s", key, node), func(ctx context.Context) error {
		_, err := e.patchLabel(ctx, node, key, nil)
		return err
	})
	e.actOn("labels Node "+key+"="+value, history.KindNode, "", node)
	n, err := e.patchLabel(ctx, node, key, &value)
	e.Must(err, "label node %s", node)
	e.seen(ctx, n)
}

// UnlabelNode takes a label off the node.
func (e *Env) UnlabelNode(ctx context.Context, node, key string) {
	e.actOn("unlabels Node "+key, history.KindNode, "", node)
	n, err := e.patchLabel(ctx, node, key, nil)
	e.Must(err, "take label %s off node %s", key, node)
	e.seen(ctx, n)
}

// patchLabel sets the label, or takes it off if value is nil; then a node that
// is gone is no error and the node given is empty.
func (e *Env) patchLabel(ctx context.Context, node, key string, value *string) (metav1.Object, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]*string{key: value}}})
	if err != nil {
		return nil, fmt.Errorf("encode the label: %w", err)
	}
	n, err := e.Client.CoreV1().Nodes().Patch(ctx, node, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) && value == nil {
		return &metav1.ObjectMeta{}, nil
	}
	return n, err
}

// TaintNode sets a taint on the node; it is taken off at the end. The node must
// be leased exclusively, or made by the spec.
func (e *Env) TaintNode(ctx context.Context, node string, taint corev1.Taint) {
	e.Cleanup(fmt.Sprintf("take taint %s off node %s", taint.ToString(), node), func(ctx context.Context) error {
		_, err := e.setTaint(ctx, node, taint, false)
		return err
	})
	e.actOn("taints Node "+taint.ToString(), history.KindNode, "", node)
	n, err := e.setTaint(ctx, node, taint, true)
	e.Must(err, "taint node %s with %s", node, taint.ToString())
	e.seen(ctx, n)
}

// UntaintNode takes the taint off the node.
func (e *Env) UntaintNode(ctx context.Context, node string, taint corev1.Taint) {
	e.actOn("untaints Node "+taint.ToString(), history.KindNode, "", node)
	n, err := e.setTaint(ctx, node, taint, false)
	e.Must(err, "take taint %s off node %s", taint.ToString(), node)
	e.seen(ctx, n)
}

// setTaint puts the taint on the node or takes it off; then a node that is gone
// is no error and the node given is empty.
func (e *Env) setTaint(ctx context.Context, node string, taint corev1.Taint, on bool) (stored metav1.Object, err error) {
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		n, gone := e.Client.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
		if apierrors.IsNotFound(gone) && !on {
			stored = &metav1.ObjectMeta{}
			return nil
		}
		if gone != nil {
			return gone
		}
		n.Spec.Taints = slices.DeleteFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.MatchTaint(&taint) })
		if on {
			n.Spec.Taints = append(n.Spec.Taints, taint)
		}
		updated, refused := e.Client.CoreV1().Nodes().Update(ctx, n, metav1.UpdateOptions{})
		stored = updated
		return refused
	})
	return stored, err
}

// JoinNode makes a node join the cluster and waits until the log shows it. The
// node is removed at the end unless the spec removed it. The spec must declare
// NodeNeed.Topology and list AddNode and RemoveNode in its Needs.
func (e *Env) JoinNode(ctx context.Context, spec clusters.NodeSpec) string {
	var name string
	remover := Able[clusters.NodeRemover](e)
	e.Cleanup("remove the joined node", func(ctx context.Context) error {
		if name == "" {
			return nil
		}
		return remover.RemoveNode(ctx, name)
	})
	e.actOn("makes a Node join", history.KindNode, "", spec.Name)
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.NodeAction)
	defer cancel()
	var err error
	name, err = Able[clusters.NodeAdder](e).AddNode(limit, spec)
	e.Must(err, "make a node join the cluster")
	e.Becomes(ctx, e.Timeouts.Placement, "the joined node "+name+" is in the event log", func(s *history.State) error {
		if s.Node(name) == nil {
			return fmt.Errorf("no Node %s is there", name)
		}
		return nil
	})
	return name
}

// RemoveNode takes the node out of the cluster for good.
func (e *Env) RemoveNode(ctx context.Context, node string) {
	e.actOn("removes Node", history.KindNode, "", node)
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.NodeAction)
	defer cancel()
	e.Must(Able[clusters.NodeRemover](e).RemoveNode(limit, node), "remove node %s", node)
}

// StopKubelet stops the node's kubelet; it is started again at the end, and the
// node is waited for, so that whoever leases it next finds it Ready.
func (e *Env) StopKubelet(ctx context.Context, node string) {
	stopper := Able[clusters.KubeletStopper](e)
	e.Cleanup("start the kubelet of "+node, func(ctx context.Context) error {
		return errors.Join(stopper.StartKubelet(ctx, node), e.awaitNodeReady(ctx, node))
	})
	e.actOn("stops the kubelet of Node", history.KindNode, "", node)
	e.Must(stopper.StopKubelet(ctx, node), "stop the kubelet of node %s", node)
}

// StartKubelet starts the node's kubelet again.
func (e *Env) StartKubelet(ctx context.Context, node string) {
	e.actOn("starts the kubelet of Node", history.KindNode, "", node)
	e.Must(Able[clusters.KubeletStopper](e).StartKubelet(ctx, node), "start the kubelet of node %s", node)
}

// RebootNode restarts the node's machine.
func (e *Env) RebootNode(ctx context.Context, node string) {
	e.Cleanup("wait for the rebooted node "+node, func(ctx context.Context) error { return e.awaitNodeReady(ctx, node) })
	e.actOn("reboots Node", history.KindNode, "", node)
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.NodeAction)
	defer cancel()
	e.Must(Able[clusters.NodeRebooter](e).RebootNode(limit, node), "reboot node %s", node)
}

// awaitNodeReady waits until the node is Ready without taints, or gone.
func (e *Env) awaitNodeReady(ctx context.Context, node string) error {
	err := e.History.Await(ctx, func(s *history.State) error { return NodeReady(s, node) })
	if err != nil {
		return fmt.Errorf("node %s does not come back: %s", node, reason(err))
	}
	return nil
}

// NodeReady tells whether the node is Ready and free of the taints of the node
// life-cycle controller, which go a moment after the condition changes. A node
// that is gone needs nothing.
func NodeReady(s *history.State, node string) error {
	n := s.Node(node)
	if n == nil {
		return nil
	}
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status != corev1.ConditionTrue {
			return fmt.Errorf("node %s is not Ready: %s %s", node, c.Reason, c.Message)
		}
	}
	for _, t := range n.Spec.Taints {
		if t.Key == corev1.TaintNodeNotReady || t.Key == corev1.TaintNodeUnreachable {
			return fmt.Errorf("node %s still has taint %s", node, t.ToString())
		}
	}
	return nil
}

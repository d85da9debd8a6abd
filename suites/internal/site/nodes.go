package site

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
)

// Await waits for what is not judged, because another component than the
// controller brings it about; that it does not come ends the spec as unknown.
func Await(ctx context.Context, e *framework.Env, within time.Duration, what string, cond Condition) {
	limit, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	e.Must(e.History.Await(limit, cond), "wait until %s (at most %s)", what, within)
}

// Cordon makes the node unschedulable, waits for the taint by which the node
// life-cycle controller says so too, and takes the mark off at the end. The node
// must be leased exclusively, or made by the spec.
func Cordon(ctx context.Context, e *framework.Env, node string) {
	e.Cleanup("uncordon node "+node, func(ctx context.Context) error { return cordon(ctx, e, node, false) })
	e.Act("cordons Node", history.KindNode, &metav1.ObjectMeta{Name: node})
	e.Must(cordon(ctx, e, node, true), "cordon node %s", node)
	Await(ctx, e, e.Timeouts.Placement, "node "+node+" has the taint of a cordoned node",
		Tainted(node, corev1.TaintNodeUnschedulable, corev1.TaintEffectNoSchedule))
}

// UncordonAtEnd is for nodes that something else cordons, as kubectl drain.
func UncordonAtEnd(e *framework.Env, node string) {
	e.Cleanup("uncordon node "+node, func(ctx context.Context) error { return cordon(ctx, e, node, false) })
}

func cordon(ctx context.Context, e *framework.Env, node string, on bool) error {
	patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, on)
	if _, err := e.Client.CoreV1().Nodes().Patch(ctx, node, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("set spec.unschedulable of node %s to %t: %w", node, on, err)
	}
	return nil
}

// Annotate sets an annotation of the node; it is taken off at the end.
func Annotate(ctx context.Context, e *framework.Env, node, key, value string) {
	set := func(ctx context.Context, value string) error {
		patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%s}}}`, key, value)
		if _, err := e.Client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("annotate node %s with %s: %w", node, key, err)
		}
		return nil
	}
	e.Cleanup("take annotation "+key+" off node "+node, func(ctx context.Context) error { return set(ctx, "null") })
	e.Act("annotates Node "+key+"="+value, history.KindNode, &metav1.ObjectMeta{Name: node})
	e.Must(set(ctx, fmt.Sprintf("%q", value)), "annotate node %s", node)
}

// Freeze stops everything on the node in its tracks; at the end, if the spec
// has not done so, it goes on again and is waited for.
func Freeze(ctx context.Context, e *framework.Env, node string) {
	pauser := framework.Able[clusters.NodePauser](e)
	e.Cleanup("let node "+node+" go on", func(ctx context.Context) error { return pauser.UnpauseNode(ctx, node) })
	e.Act("freezes Node", history.KindNode, &metav1.ObjectMeta{Name: node})
	e.Must(pauser.PauseNode(ctx, node), "freeze node %s", node)
}

// Thaw lets a frozen node go on and waits until it is Ready again.
func Thaw(ctx context.Context, e *framework.Env, node string) {
	e.Act("lets Node go on", history.KindNode, &metav1.ObjectMeta{Name: node})
	e.Must(framework.Able[clusters.NodePauser](e).UnpauseNode(ctx, node), "let node %s go on", node)
	AwaitReady(ctx, e, node)
}

// AwaitUnreachable waits until the node life-cycle controller has put both of
// its taints on a node that does not answer: NoSchedule, which keeps pods off,
// and NoExecute, which evicts those that do not tolerate it.
func AwaitUnreachable(ctx context.Context, e *framework.Env, node string) {
	Await(ctx, e, e.Timeouts.NodeNotReady, "node "+node+" is tainted as unreachable", func(s *history.State) error {
		if err := Tainted(node, corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute)(s); err != nil {
			return err
		}
		return Tainted(node, corev1.TaintNodeUnreachable, corev1.TaintEffectNoSchedule)(s)
	})
}

// AwaitReady waits until the node is Ready and its taints are gone.
func AwaitReady(ctx context.Context, e *framework.Env, node string) {
	Await(ctx, e, e.Timeouts.NodeAction, "node "+node+" is Ready again",
		func(s *history.State) error { return framework.NodeReady(s, node) })
}

// Tainted judges that the node carries a taint with the key and effect.
func Tainted(node, key string, effect corev1.TaintEffect) Condition {
	return func(s *history.State) error {
		n := s.Node(node)
		if n == nil {
			return fmt.Errorf("node %s is not there", node)
		}
		if !HasTaint(n, key, effect) {
			return fmt.Errorf("node %s lacks taint %s:%s", node, key, effect)
		}
		return nil
	}
}

// HasTaint tells whether the node carries a taint with the key and effect.
func HasTaint(n *corev1.Node, key string, effect corev1.TaintEffect) bool {
	return slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == key && t.Effect == effect })
}

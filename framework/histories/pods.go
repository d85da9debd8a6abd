package histories

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// victim gives the node's live pod that was made last; nil if there is none.
func (p *player) victim(node int) *corev1.Pod {
	s := p.e.History.State()
	ds := s.DaemonSet(name)
	if ds == nil {
		return nil
	}
	pods := slices.DeleteFunc(s.PodsOf(ds), func(pod *corev1.Pod) bool {
		return oracle.TargetNode(pod) != p.nodes[node] || oracle.Terminating(pod) || oracle.Terminal(pod)
	})
	if len(pods) == 0 {
		p.deed("node %d has no live pod, nothing was done", node)
		return nil
	}
	return slices.MaxFunc(pods, func(a, b *corev1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), strings.Compare(a.Name, b.Name))
	})
}

// deletePod deletes the node's pod, as a user does. The controller may be quicker.
func (p *player) deletePod(ctx context.Context, node int, force bool) {
	pod := p.victim(node)
	if pod == nil {
		return
	}
	options := metav1.DeleteOptions{}
	if force {
		options.GracePeriodSeconds = new(int64(0))
	}
	p.remove(ctx, pod, options)
}

// remove deletes the pod by the history's own hand.
func (p *player) remove(ctx context.Context, pod *corev1.Pod, options metav1.DeleteOptions) {
	options.Preconditions = metav1.NewUIDPreconditions(string(pod.UID))
	p.e.Act("deletes Pod", history.KindPod, pod)
	err := p.e.Client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, options)
	p.unlessGone(err, "delete pod %s", pod.Name)
	p.shown(ctx, pod, oracle.Terminating)
}

// failPod writes the phase Failed, in the kubelet's place.
func (p *player) failPod(ctx context.Context, node int) {
	pod := p.victim(node)
	if pod == nil {
		return
	}
	p.e.Act("sets the phase Failed of Pod", history.KindPod, pod)
	patch := fmt.Sprintf(`{"metadata":{"uid":%q},"status":{"phase":"Failed","reason":"History","message":"written in a kubelet's place"}}`, pod.UID)
	_, err := p.e.Client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	p.unlessGone(err, "let pod %s fail", pod.Name)
	p.shown(ctx, pod, oracle.Terminal)
}

// shown waits until the event log shows what was done to the pod, or its end:
// else what comes next would be judged by what was before.
func (p *player) shown(ctx context.Context, pod *corev1.Pod, done func(*corev1.Pod) bool) {
	limit, cancel := context.WithTimeout(ctx, p.e.Timeouts.Request)
	defer cancel()
	err := p.e.History.Await(limit, func(s *history.State) error {
		now := s.Pod(pod.Name)
		if now == nil || now.UID != pod.UID || done(now) || oracle.Terminating(now) {
			return nil
		}
		return fmt.Errorf("the event log shows pod %s as it was", pod.Name)
	})
	p.e.Must(err, "see in the event log what was done to pod %s", pod.Name)
}

// unlessGone is Must, but that the pod is gone is no error: then there was nothing to do.
func (p *player) unlessGone(err error, attempt string, args ...any) {
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		p.deed("the pod was gone, nothing was done")
		return
	}
	p.e.Must(err, attempt, args...)
}

// cordon sets or takes back the node's spec.unschedulable, and waits for the taint
// that tells of it to follow: whoever leases the node next must find it as it was.
func (p *player) cordon(ctx context.Context, node int, on bool) {
	called := p.nodes[node]
	set := func(ctx context.Context, on bool) error {
		patch := fmt.Sprintf(`{"spec":{"unschedulable":%t}}`, on)
		_, err := p.e.Client.CoreV1().Nodes().Patch(ctx, called, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err == nil {
			err = p.e.History.Await(ctx, func(s *history.State) error { return cordoned(s.Node(called), on) })
		}
		if err != nil {
			return fmt.Errorf("set unschedulable: %t on node %s: %w", on, called, err)
		}
		return nil
	}
	if on {
		p.e.Cleanup("uncordon node "+called, func(ctx context.Context) error { return set(ctx, false) })
	}
	p.e.Act(map[bool]string{true: "cordons Node", false: "uncordons Node"}[on], history.KindNode, &metav1.ObjectMeta{Name: called})
	limit, cancel := context.WithTimeout(ctx, p.e.Timeouts.NodeAction)
	defer cancel()
	p.e.Must(set(limit, on), "set unschedulable: %t on node %s", on, called)
}

// cordoned tells whether the node's mark and the taint that follows it both are
// as said; a node that is gone is as it is to be.
func cordoned(n *corev1.Node, on bool) error {
	if n == nil {
		return nil
	}
	tainted := slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeUnschedulable })
	if n.Spec.Unschedulable != on || tainted != on {
		return errors.New("the taint does not follow yet")
	}
	return nil
}

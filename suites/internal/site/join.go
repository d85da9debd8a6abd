package site

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
)

// NodeOf describes a node that is the spec's alone: a label that Own selects,
// and a taint that keeps every pod away that is not made by Own, and the node
// out of the pool that other specs lease from. The kubelet registers it with both.
func NodeOf(e *framework.Env) clusters.NodeSpec {
	return clusters.NodeSpec{
		Labels: map[string]string{e.Key("own"): "true"},
		Taints: []corev1.Taint{{Key: e.Key("own"), Value: "true", Effect: corev1.TaintEffectNoSchedule}},
	}
}

// Own confines the DaemonSet to nodes of NodeOf.
func Own(e *framework.Env) func(*appsv1.DaemonSet) {
	return func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.NodeSelector = map[string]string{e.Key("own"): "true"}
		ds.Spec.Template.Spec.Tolerations = append(ds.Spec.Template.Spec.Tolerations, corev1.Toleration{
			Key: e.Key("own"), Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule,
		})
	}
}

// Join makes a node of NodeOf join the cluster.
func Join(ctx context.Context, e *framework.Env) string {
	return JoinAs(ctx, e, "")
}

// JoinAs is Join with the name of the node given; empty leaves it to the provider.
func JoinAs(ctx context.Context, e *framework.Env, name string) string {
	spec := NodeOf(e)
	spec.Name = name
	return joined(ctx, e, spec)
}

// JoinSlowly is Join of a node that is not ready for so long that a controller
// which trails by seconds has seen it before; a real kubelet takes its own time.
func JoinSlowly(ctx context.Context, e *framework.Env) string {
	spec := NodeOf(e)
	spec.ReadyDelay = 5 * e.Timeouts.Quiet
	return joined(ctx, e, spec)
}

func joined(ctx context.Context, e *framework.Env, spec clusters.NodeSpec) string {
	name := e.JoinNode(ctx, spec)
	emptyAtEnd(e)
	return name
}

// JoinTogether makes so many nodes of NodeOf join the cluster at the same time.
func JoinTogether(ctx context.Context, e *framework.Env, n int) []string {
	adder, remover := framework.Able[clusters.NodeAdder](e), framework.Able[clusters.NodeRemover](e)
	names := make([]string, n)
	e.Cleanup("remove the joined nodes", func(ctx context.Context) error {
		var errs []error
		for _, name := range names {
			if name != "" {
				errs = append(errs, remover.RemoveNode(ctx, name))
			}
		}
		return errors.Join(errs...)
	})
	emptyAtEnd(e)
	e.Act(fmt.Sprintf("makes %d Nodes join at once", n), history.KindNode, nil)
	limit, cancel := context.WithTimeout(ctx, e.Timeouts.NodeAction)
	defer cancel()
	group, inner := errgroup.WithContext(limit)
	for i := range names {
		group.Go(func() (err error) {
			names[i], err = adder.AddNode(inner, NodeOf(e))
			return err
		})
	}
	e.Must(group.Wait(), "make %d nodes join the cluster at once", n)
	return names
}

// emptyAtEnd has the spec's pods end while the kubelets that run them are still
// there. Left to a removed node they would stay until the pod garbage collector
// finds them, most of a minute later. Pods whose node is out of order are
// removed by force: their machine goes next.
func emptyAtEnd(e *framework.Env) {
	background, now := metav1.DeletePropagationBackground, int64(0)
	e.Cleanup("delete the DaemonSets before their nodes go", func(ctx context.Context) error {
		err := e.Client.AppsV1().DaemonSets(e.Namespace).
			DeleteCollection(ctx, metav1.DeleteOptions{PropagationPolicy: &background}, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("delete the DaemonSets of namespace %s: %w", e.Namespace, err)
		}
		limit, cancel := context.WithTimeout(ctx, 5*e.Timeouts.Quiet)
		defer cancel()
		if e.History.Await(limit, framework.NoPods) == nil {
			return nil
		}
		err = e.Client.CoreV1().Pods(e.Namespace).
			DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("remove the pods of namespace %s by force: %w", e.Namespace, err)
		}
		return nil
	})
}

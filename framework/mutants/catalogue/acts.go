package catalogue

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// doubling has the creation of pods of which twice is true be asked for twice.
func doubling(twice func(*corev1.Pod) bool) inject {
	return func(s *rig.Setup) {
		s.Wire.OnWrite("create", "pods", func(ctx context.Context, r *wire.Request, next wire.Next) (*wire.Answer, error) {
			p, err := wire.Decode[corev1.Pod](r.Body)
			if err != nil {
				return nil, err
			}
			if p.Name == "" && twice(p) {
				if _, err := next(ctx, r); err != nil {
					return nil, err
				}
			}
			return next(ctx, r)
		})
	}
}

// deleteOn deletes the live pods of DaemonSets on a node of which which is true,
// beside the controller and without waiting for it.
func deleteOn(s *rig.Setup, node string, which func(*corev1.Pod) bool) {
	go func() {
		for _, p := range s.Wire.Pods.All() {
			if p.Spec.NodeName == node && owned(p) && live(p) && which(p) {
				_ = s.Client.CoreV1().Pods(p.Namespace).Delete(s.Context, p.Name, metav1.DeleteOptions{})
			}
		}
	}()
}

// rewriteStatus writes the stored status of a DaemonSet again, changed by change,
// beside the controller; nil leaves it as it is.
func rewriteStatus(s *rig.Setup, namespace, name string, change func(*appsv1.DaemonSet)) {
	go func() {
		ds, err := s.Client.AppsV1().DaemonSets(namespace).Get(s.Context, name, metav1.GetOptions{})
		if err != nil {
			return
		}
		if change != nil {
			change(ds)
		}
		_, _ = s.Client.AppsV1().DaemonSets(namespace).UpdateStatus(s.Context, ds, metav1.UpdateOptions{})
	}()
}

// stamp has the one condition of a status be that of the type, and tell the time.
func stamp(kind appsv1.DaemonSetConditionType) func(*appsv1.DaemonSet) {
	return func(ds *appsv1.DaemonSet) {
		ds.Status.Conditions = []appsv1.DaemonSetCondition{{Type: kind, Status: corev1.ConditionTrue, Message: time.Now().Format(time.RFC3339Nano)}}
	}
}

// rewriteAll is rewriteStatus for every DaemonSet.
func rewriteAll(s *rig.Setup, change func(*appsv1.DaemonSet)) {
	for _, ds := range s.Wire.DaemonSets.All() {
		rewriteStatus(s, ds.Namespace, ds.Name, change)
	}
}

// chooses tells whether a template's nodeSelector, required affinity and
// nodeName let a node have a pod; its taints aside.
func chooses(t *corev1.PodTemplateSpec, n *corev1.Node) bool {
	if t.Spec.NodeName != "" && t.Spec.NodeName != n.Name {
		return false
	}
	ok, err := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: t.Spec}).Match(n)
	return err == nil && ok
}

// retellNodes has every node be told of again when a DaemonSet is new or has
// changed its specification: what is seen of nodes depends on it.
func retellNodes(s *rig.Setup) func(wire.Change[appsv1.DaemonSet]) wire.Fate {
	return func(c wire.Change[appsv1.DaemonSet]) wire.Fate {
		if c.Old == nil || c.Old.Generation != c.New.Generation {
			go func() {
				for _, n := range s.Wire.Nodes.All() {
					s.Wire.Nodes.Retell(n)
				}
			}()
		}
		return wire.Fate{}
	}
}

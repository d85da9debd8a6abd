package framework

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
)

// HoldFinalizer is the finalizer by which specs hold pods that are deleted. What
// still bears it when the spec's namespace is emptied is let go there.
const HoldFinalizer = "dsconform.dev/hold"

// LetGo takes HoldFinalizer off the pod, and whatever other finalizers it has. It
// is no error that the pod is gone.
func (e *Env) LetGo(ctx context.Context, pod *corev1.Pod) error {
	e.Act("lets go of Pod", history.KindPod, pod)
	_, err := e.Client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("take the finalizers off pod %s: %w", pod.Name, err)
	}
	return nil
}

// deleteNamespace waits for the pods too: ports and nodes must be free for the
// next spec. Finalizers that the spec put on its pods, other than HoldFinalizer,
// are its own to remove.
//
// What makes pods goes first, then the pods, without their grace (what they
// would do with it was judged before), and the namespace last: its controller
// tries every resource of the API again and again while there is something left
// in it, which for many specs at once is most of an API server's work.
func (e *Env) deleteNamespace(ctx context.Context) error {
	if e.History != nil {
		if err := e.emptyNamespace(ctx); err != nil {
			return err
		}
	}
	err := e.Client.CoreV1().Namespaces().Delete(ctx, e.Namespace, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete namespace %s: %w", e.Namespace, err)
	}
	return nil
}

// emptyNamespace deletes DaemonSets, ReplicaSets and pods and waits until they are gone.
func (e *Env) emptyNamespace(ctx context.Context) error {
	background, brief := metav1.DeletePropagationBackground, int64(1)
	options := metav1.DeleteOptions{PropagationPolicy: &background}
	err := errors.Join(
		e.Client.AppsV1().DaemonSets(e.Namespace).DeleteCollection(ctx, options, metav1.ListOptions{}),
		e.Client.AppsV1().ReplicaSets(e.Namespace).DeleteCollection(ctx, options, metav1.ListOptions{}),
	)
	if err != nil {
		return fmt.Errorf("delete what makes pods in namespace %s: %w", e.Namespace, err)
	}
	// At once: a kubelet does not shorten a grace period that has begun
	// (kubernetes#83916), and the garbage collector grants the pods their own.
	err = e.Client.CoreV1().Pods(e.Namespace).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &brief}, metav1.ListOptions{})
	if err == nil {
		err = e.awaitEmpty(ctx)
	}
	if err != nil {
		return fmt.Errorf("namespace %s does not empty: %s", e.Namespace, reason(err))
	}
	return nil
}

// awaitEmpty waits until DaemonSets and pods are gone.
func (e *Env) awaitEmpty(ctx context.Context) error {
	return e.LetGoUntil(ctx, func(s *history.State) error {
		if left := s.DaemonSets(); len(left) > 0 {
			return fmt.Errorf("DaemonSet %s is left, with finalizers %v", left[0].Name, left[0].Finalizers)
		}
		return NoPods(s)
	})
}

// NoPods judges that the namespace has no pods.
func NoPods(s *history.State) error {
	if left := s.Pods(); len(left) > 0 {
		return fmt.Errorf("%d pods are left, the first is %s on node %q, with finalizers %v", len(left), left[0].Name, left[0].Spec.NodeName, left[0].Finalizers)
	}
	return nil
}

// LetGoUntil waits for cond, and lets go of pods that HoldFinalizer holds as they
// come: a controller that has not heard of the DaemonSet's end makes its pods anew
// while they are deleted, with the finalizers of the template. The error is what
// still stands against cond when ctx ends, or that a pod could not be let go.
func (e *Env) LetGoUntil(ctx context.Context, cond func(*history.State) error) error {
	free := map[types.UID]bool{}
	for {
		var held []*corev1.Pod
		err := e.History.Await(ctx, func(s *history.State) error {
			held = nil
			for _, pod := range s.Pods() {
				if slices.Contains(pod.Finalizers, HoldFinalizer) && !free[pod.UID] {
					held = append(held, pod)
				}
			}
			if len(held) > 0 {
				return nil
			}
			return cond(s)
		})
		if err != nil || len(held) == 0 {
			return err
		}
		for _, pod := range held {
			if err := e.LetGo(ctx, pod); err != nil {
				return err
			}
			free[pod.UID] = true
		}
	}
}

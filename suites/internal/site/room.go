package site

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
)

// room is a resource of nodes that nobody but the spec has heard of.
func room(e *framework.Env) corev1.ResourceName { return corev1.ResourceName(e.Key("room")) }

// OfferRoom gives the node room for one pod of those that AskForRoom, by a
// resource of the spec's own: the node is full and free again as the spec likes
// it, whoever else has pods there. The resource is taken off at the end.
func OfferRoom(ctx context.Context, e *framework.Env, node string) {
	set := func(ctx context.Context, amount any) error {
		one := map[string]any{string(room(e)): amount}
		raw, err := json.Marshal(map[string]any{"status": map[string]any{"capacity": one, "allocatable": one}})
		if err != nil {
			return fmt.Errorf("encode the resource: %w", err)
		}
		_, err = e.Client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, raw, metav1.PatchOptions{}, "status")
		if apierrors.IsNotFound(err) && amount == nil {
			return nil
		}
		return err
	}
	e.Cleanup(fmt.Sprintf("take resource %s off node %s", room(e), node), func(ctx context.Context) error { return set(ctx, nil) })
	e.Act("offers a resource of Node", history.KindNode, &metav1.ObjectMeta{Name: node})
	e.Must(set(ctx, "1"), "offer resource %s on node %s", room(e), node)
	Await(ctx, e, e.Timeouts.Placement, "node "+node+" offers resource "+string(room(e)), func(s *history.State) error {
		if n := s.Node(node); n == nil || n.Status.Allocatable.Name(room(e), resource.DecimalSI).Value() != 1 {
			return fmt.Errorf("node %s does not offer it", node)
		}
		return nil
	})
}

// AskForRoom makes the pods ask for the room of a node that OfferRoom was done to.
func AskForRoom(e *framework.Env) func(*appsv1.DaemonSet) {
	return func(ds *appsv1.DaemonSet) { askForRoom(e, &ds.Spec.Template.Spec) }
}

func askForRoom(e *framework.Env, spec *corev1.PodSpec) {
	one := corev1.ResourceList{room(e): resource.MustParse("1")}
	spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: one, Limits: one}
}

// Occupy puts a pod of nobody's on the node, which takes its room, and waits
// until it runs. Each change is made before the pod is.
func Occupy(ctx context.Context, e *framework.Env, name, node string, changes ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: e.Namespace},
		Spec:       *e.DaemonSet(name).Spec.Template.Spec.DeepCopy(),
	}
	askForRoom(e, &pod.Spec)
	pod.Spec.NodeName = node
	for _, change := range changes {
		change(pod)
	}
	e.Act("creates Pod", history.KindPod, pod)
	got, err := e.Client.CoreV1().Pods(e.Namespace).Create(ctx, pod, metav1.CreateOptions{})
	e.Must(err, "create pod %s", name)
	Await(ctx, e, e.Timeouts.PodReady, "pod "+name+" runs", func(s *history.State) error {
		if p := s.Pod(name); p == nil || p.Status.Phase != corev1.PodRunning {
			return fmt.Errorf("pod %s does not run yet", name)
		}
		return nil
	})
	return got
}

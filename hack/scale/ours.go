package main

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/sim/kubelet"
)

const set = "scale"

// daemonSet is what is rolled out, ours and the baseline's alike.
func daemonSet() *appsv1.DaemonSet {
	labels := map[string]string{"app": set}
	tenth, grace := intstr.FromString("10%"), int64(1)
	return &appsv1.DaemonSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "DaemonSet"},
		ObjectMeta: metav1.ObjectMeta{Name: set, Namespace: metav1.NamespaceDefault},
		Spec: appsv1.DaemonSetSpec{
			Selector:       &metav1.LabelSelector{MatchLabels: labels},
			UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType, RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &tenth}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: map[string]string{kubelet.StartDelay: "0s", kubelet.StopDelay: "0s"}},
				Spec: corev1.PodSpec{
					TerminationGracePeriodSeconds: &grace,
					Containers:                    []corev1.Container{{Name: "agent", Image: "agent:v1"}},
				},
			},
		},
	}
}

// ours times the cluster as the specs use it.
func ours(ctx context.Context, c *sim.Cluster, n int, out *result) error {
	cs, err := client(c)
	if err != nil {
		return err
	}
	before, err := syncs(ctx, c)
	if err != nil {
		return err
	}
	begun := time.Now()
	if err = out.add(ctx, "DaemonSet created, until rolled out", func(ctx context.Context) error {
		made, refused := cs.AppsV1().DaemonSets(metav1.NamespaceDefault).Create(ctx, daemonSet(), metav1.CreateOptions{})
		if refused != nil {
			return fmt.Errorf("creating the DaemonSet: %w", refused)
		}
		return rolledOut(ctx, cs, made.Generation, n)
	}); err != nil {
		return err
	}
	if err = cost(ctx, c, n, begun, before, out); err != nil {
		return err
	}
	if err = out.add(ctx, "RollingUpdate at maxUnavailable 10%", func(ctx context.Context) error {
		made, refused := cs.AppsV1().DaemonSets(metav1.NamespaceDefault).Patch(ctx, set, types.JSONPatchType,
			[]byte(`[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"agent:v2"}]`), metav1.PatchOptions{})
		if refused != nil {
			return fmt.Errorf("changing the image: %w", refused)
		}
		return rolledOut(ctx, cs, made.Generation, n)
	}); err != nil {
		return err
	}
	if err = memory(ctx, c, out); err != nil {
		return err
	}
	return out.add(ctx, "a node joins, until its pod is ready", func(ctx context.Context) error {
		if _, err := c.AddNode(ctx, clusters.NodeSpec{}); err != nil {
			return err
		}
		return rolledOut(ctx, cs, 0, n+1)
	})
}

// client gives a client of the cluster.
func client(c *sim.Cluster) (kubernetes.Interface, error) {
	config, err := c.RESTConfig()
	if err != nil {
		return nil, err
	}
	cs, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return cs, nil
}

// rolledOut waits until the DaemonSet's status says that n pods of its newest
// revision are available, and no more are wanted.
func rolledOut(ctx context.Context, cs kubernetes.Interface, generation int64, n int) error {
	sets := cache.NewListWatchFromClient(cs.AppsV1().RESTClient(), "daemonsets", metav1.NamespaceDefault, fields.OneTermEqualSelector(metav1.ObjectNameField, set))
	return await.Until(ctx, sets, "the DaemonSet to be rolled out", func(found []*appsv1.DaemonSet) (bool, string) {
		if len(found) == 0 {
			return false, "it is not there"
		}
		s := found[0].Status
		if s.ObservedGeneration >= generation && int(s.DesiredNumberScheduled) == n && int(s.UpdatedNumberScheduled) == n && int(s.NumberAvailable) == n {
			return true, ""
		}
		return false, fmt.Sprintf("%d of %d are available, %d updated", s.NumberAvailable, s.DesiredNumberScheduled, s.UpdatedNumberScheduled)
	})
}

package subject

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/dsconform/dsconform/clusters/await"
)

// probeName is the name of the probe's DaemonSet.
const probeName = "probe"

// probe is a DaemonSet that fits no node, in a namespace of its own: that its
// status says it was observed is the first sign of a controller at work.
type probe struct {
	cs        kubernetes.Interface
	namespace string
}

// newProbe makes the DaemonSet. Remove it afterwards.
func newProbe(ctx context.Context, cs kubernetes.Interface) (*probe, error) {
	ns, err := cs.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "dsconform-probe-"}}, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("making the probe's namespace: %w", err)
	}
	p := &probe{cs: cs, namespace: ns.Name}
	if _, err := cs.AppsV1().DaemonSets(ns.Name).Create(ctx, probeSet(), metav1.CreateOptions{}); err != nil {
		return nil, errors.Join(fmt.Errorf("making the probe's DaemonSet: %w", err), p.remove(ctx))
	}
	return p, nil
}

func probeSet() *appsv1.DaemonSet {
	labels := map[string]string{"app": probeName}
	return &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: probeName},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					NodeSelector: map[string]string{"dsconform.dev/probe": "nowhere"},
					Containers:   []corev1.Container{{Name: "never", Image: "never"}},
				},
			},
		},
	}
}

// await waits until a controller has observed the probe.
func (p *probe) await(ctx context.Context) error {
	sets := cache.NewListWatchFromClient(p.cs.AppsV1().RESTClient(), "daemonsets", p.namespace, fields.OneTermEqualSelector(metav1.ObjectNameField, probeName))
	return await.Until(ctx, sets, "a DaemonSet controller to write", observed)
}

// observed judges what the watch shows of the probe.
func observed(sets []*appsv1.DaemonSet) (bool, string) {
	for _, ds := range sets {
		if ds.Status.ObservedGeneration >= ds.Generation {
			return true, ""
		}
	}
	return false, "nothing has touched the DaemonSet that was made for it"
}

// remove deletes the probe; its namespace goes by itself.
func (p *probe) remove(ctx context.Context) error {
	if err := p.cs.CoreV1().Namespaces().Delete(ctx, p.namespace, metav1.DeleteOptions{}); err != nil {
		return fmt.Errorf("deleting the probe's namespace %s: %w", p.namespace, err)
	}
	return nil
}

package subject

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/internal/exit"
)

// deploymentControl acts on a Deployment by its number of replicas.
type deploymentControl struct {
	handle Handle
	config func() (*rest.Config, error)
}

var _ clusters.ControllerRestarter = deploymentControl{}

// StopController implements clusters.ControllerRestarter: it returns when the
// last pod is gone.
func (c deploymentControl) StopController(ctx context.Context) error {
	return c.scaleTo(ctx, 0, func(ctx context.Context, cs kubernetes.Interface, d *appsv1.Deployment) error {
		selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
		if err != nil {
			return fmt.Errorf("reading the selector of Deployment %s: %w", d.Name, err)
		}
		pods := cache.NewFilteredListWatchFromClient(cs.CoreV1().RESTClient(), "pods", c.handle.Namespace,
			func(o *metav1.ListOptions) { o.LabelSelector = selector.String() })
		return await.Until(ctx, pods, "the pods of Deployment "+d.Name+" to be gone", gone)
	})
}

// StartController implements clusters.ControllerRestarter: it returns when all
// replicas are available.
func (c deploymentControl) StartController(ctx context.Context) error {
	return c.scaleTo(ctx, c.handle.Replicas, func(ctx context.Context, cs kubernetes.Interface, d *appsv1.Deployment) error {
		return awaitAvailable(ctx, cs, d.Namespace, d.Name)
	})
}

func (c deploymentControl) scaleTo(ctx context.Context, n int32, after func(context.Context, kubernetes.Interface, *appsv1.Deployment) error) error {
	cs, err := c.client()
	if err != nil {
		return exit.Environmentf("the controller under test: %w", err)
	}
	deployments := cs.AppsV1().Deployments(c.handle.Namespace)
	scale := &autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{Name: c.handle.Name, Namespace: c.handle.Namespace},
		Spec:       autoscalingv1.ScaleSpec{Replicas: n},
	}
	_, err = deployments.UpdateScale(ctx, c.handle.Name, scale, metav1.UpdateOptions{})
	var d *appsv1.Deployment
	if err == nil {
		d, err = deployments.Get(ctx, c.handle.Name, metav1.GetOptions{})
	}
	if err == nil {
		err = after(ctx, cs, d)
	}
	if err != nil {
		return exit.Environmentf("the controller under test: scaling Deployment %s/%s to %d: %w", c.handle.Namespace, c.handle.Name, n, err)
	}
	return nil
}

func (c deploymentControl) client() (kubernetes.Interface, error) {
	if c.config == nil {
		return nil, errors.New("no client configuration is at hand")
	}
	config, err := c.config()
	if err != nil {
		return nil, fmt.Errorf("reading the cluster's client configuration: %w", err)
	}
	cs, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return cs, nil
}

// gone judges that no pod is left.
func gone(pods []*corev1.Pod) (bool, string) {
	if len(pods) == 0 {
		return true, ""
	}
	return false, fmt.Sprintf("%d are left, the first is %s", len(pods), pods[0].Name)
}

// awaitAvailable waits until all replicas of a Deployment are up to date and available.
func awaitAvailable(ctx context.Context, cs kubernetes.Interface, namespace, name string) error {
	lw := cache.NewListWatchFromClient(cs.AppsV1().RESTClient(), "deployments", namespace, fields.OneTermEqualSelector(metav1.ObjectNameField, name))
	return await.Until(ctx, lw, "Deployment "+name+" to be available", available)
}

// available judges the one Deployment that is watched.
func available(found []*appsv1.Deployment) (bool, string) {
	if len(found) == 0 {
		return false, "the Deployment is gone"
	}
	d, want := found[0], int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	s := d.Status
	if s.ObservedGeneration < d.Generation {
		return false, "the Deployment controller has not seen it yet"
	}
	if s.UpdatedReplicas < want || s.AvailableReplicas < want {
		return false, fmt.Sprintf("%d of %d replicas are available", s.AvailableReplicas, want)
	}
	return true, ""
}

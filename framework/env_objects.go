package framework

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/util/retry"

	"github.com/dsconform/dsconform/framework/history"
)

// DaemonSet gives the suite's plain DaemonSet in the spec's namespace: one
// container of the test program, version v1, that is ready at once and exits on
// SIGTERM; pinned to the leased nodes if the spec leases some. The changes are
// applied in order.
func (e *Env) DaemonSet(name string, changes ...func(*appsv1.DaemonSet)) *appsv1.DaemonSet {
	labels := map[string]string{"app": name}
	grace := int64(1)
	ds := &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: e.Namespace, Labels: map[string]string{"app": name}},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}},
				Spec: corev1.PodSpec{
					TerminationGracePeriodSeconds: &grace,
					Containers: []corev1.Container{{
						Name:            "agent",
						Image:           e.Image("agent:v1"),
						ImagePullPolicy: corev1.PullIfNotPresent,
						Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
							corev1.ResourceCPU:    resource.MustParse("1m"),
							corev1.ResourceMemory: resource.MustParse("4Mi"),
						}},
					}},
				},
			},
		},
	}
	e.Pin(ds)
	for _, change := range changes {
		change(ds)
	}
	return ds
}

// Pin restricts the DaemonSet to the leased nodes by nodeSelector. Without a
// lease it does nothing.
func (e *Env) Pin(ds *appsv1.DaemonSet) {
	if e.LeaseLabel == "" {
		return
	}
	if ds.Spec.Template.Spec.NodeSelector == nil {
		ds.Spec.Template.Spec.NodeSelector = map[string]string{}
	}
	ds.Spec.Template.Spec.NodeSelector[e.LeaseLabel] = "true"
}

// CreateDaemonSet creates it; a refusal ends the spec as unknown.
func (e *Env) CreateDaemonSet(ctx context.Context, ds *appsv1.DaemonSet) *appsv1.DaemonSet {
	got, err := e.Client.AppsV1().DaemonSets(e.Namespace).Create(ctx, ds, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
	e.Must(err, "create DaemonSet %s", ds.Name)
	e.act("created DaemonSet", history.KindDaemonSet, got)
	e.seen(ctx, got)
	return got
}

// UpdateDaemonSet changes the stored DaemonSet, again on conflict.
func (e *Env) UpdateDaemonSet(ctx context.Context, name string, change func(*appsv1.DaemonSet)) *appsv1.DaemonSet {
	var got *appsv1.DaemonSet
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		ds, err := e.Client.AppsV1().DaemonSets(e.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(ds)
		got, err = e.Client.AppsV1().DaemonSets(e.Namespace).Update(ctx, ds, metav1.UpdateOptions{})
		return err
	})
	e.Must(err, "update DaemonSet %s", name)
	e.act("updated DaemonSet", history.KindDaemonSet, got)
	e.seen(ctx, got)
	return got
}

// SetImage gives the DaemonSet's first container another image of the fixtures.
func (e *Env) SetImage(ctx context.Context, daemonSet, image string) *appsv1.DaemonSet {
	ref := e.Image(image)
	return e.UpdateDaemonSet(ctx, daemonSet, func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers[0].Image = ref })
}

// DeleteDaemonSet deletes it with the propagation policy.
func (e *Env) DeleteDaemonSet(ctx context.Context, name string, policy metav1.DeletionPropagation) {
	e.actOn("deletes DaemonSet, "+string(policy), history.KindDaemonSet, e.Namespace, name)
	err := e.Client.AppsV1().DaemonSets(e.Namespace).Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &policy})
	e.Must(err, "delete DaemonSet %s", name)
}

// DeletePod deletes the pod as a user would. The log names the spec's hand, so
// that no invariant takes it for the controller's.
func (e *Env) DeletePod(ctx context.Context, pod *corev1.Pod, options metav1.DeleteOptions) {
	e.act("deletes Pod", history.KindPod, pod)
	if options.Preconditions == nil {
		options.Preconditions = metav1.NewUIDPreconditions(string(pod.UID))
	}
	err := e.Client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, options)
	e.Must(err, "delete pod %s", pod.Name)
}

// Apply creates each object, or replaces what is there by server-side apply;
// unknown fields are refused. Objects without a namespace that need one go
// into the spec's; all that are outside it are deleted again at the end.
func (e *Env) Apply(ctx context.Context, objects ...runtime.Object) {
	for _, o := range objects {
		u, client, err := e.resource(o)
		e.Must(err, "prepare an object of the fixture")
		what := u.GetKind() + " " + u.GetName()
		if u.GetNamespace() != e.Namespace {
			name := u.GetName()
			e.Cleanup("delete "+what, func(ctx context.Context) error {
				if refused := client.Delete(ctx, name, metav1.DeleteOptions{}); refused != nil && !apierrors.IsNotFound(refused) {
					return fmt.Errorf("delete %s: %w", what, refused)
				}
				return nil
			})
		}
		raw, err := json.Marshal(u)
		e.Must(err, "encode %s", what)
		force := true
		got, err := client.Patch(ctx, u.GetName(), types.ApplyPatchType, raw, metav1.PatchOptions{
			FieldManager: "dsconform", Force: &force, FieldValidation: metav1.FieldValidationStrict,
		})
		e.Must(err, "apply %s", what)
		e.act("applied "+u.GetKind(), history.Kind(u.GetKind()), got)
		if ds, ok := o.(*appsv1.DaemonSet); ok {
			stored := ds.DeepCopy()
			stored.Namespace, stored.ResourceVersion = got.GetNamespace(), got.GetResourceVersion()
			e.seen(ctx, stored)
		}
	}
}

// resource turns the object into what the dynamic client takes.
func (e *Env) resource(o runtime.Object) (*unstructured.Unstructured, dynamic.ResourceInterface, error) {
	// What was decoded from a manifest says its kind; what was made in Go does not.
	gvk := o.GetObjectKind().GroupVersionKind()
	if gvk.Empty() {
		gvks, _, err := scheme.Scheme.ObjectKinds(o)
		if err != nil {
			return nil, nil, fmt.Errorf("find the kind of %T: %w", o, err)
		}
		gvk = gvks[0]
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, nil, fmt.Errorf("convert %s: %w", gvk.Kind, err)
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(gvk)
	unstructured.RemoveNestedField(u.Object, "status")
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	mapping, err := e.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, nil, fmt.Errorf("find the resource of %s: %w", gvk, err)
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		if u.GetNamespace() == "" {
			u.SetNamespace(e.Namespace)
		}
		return u, e.dynamic.Resource(mapping.Resource).Namespace(u.GetNamespace()), nil
	}
	return u, e.dynamic.Resource(mapping.Resource), nil
}

// Act notes in the event log what the spec itself does to an object, so that
// no invariant takes it for the controller's doing. Env's own methods do so.
func (e *Env) Act(text string, kind history.Kind, object metav1.Object) { e.act(text, kind, object) }

func (e *Env) act(text string, kind history.Kind, object metav1.Object) {
	if e.History != nil {
		e.History.Act(text, kind, object)
	}
}

func (e *Env) actOn(text string, kind history.Kind, namespace, name string) {
	e.act(text, kind, &metav1.ObjectMeta{Namespace: namespace, Name: name})
}

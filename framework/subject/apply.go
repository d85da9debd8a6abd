package subject

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// applier puts objects into the cluster and takes them out again.
type applier struct {
	dynamic dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
	// made take the objects out again, in the order in which they were put in.
	made []func(context.Context) error
}

func newApplier(config *rest.Config) (*applier, error) {
	d, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a dynamic client: %w", err)
	}
	disco, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a discovery client: %w", err)
	}
	return &applier{dynamic: d, mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))}, nil
}

// apply puts the objects in; one that is there already is somebody else's, and
// an error.
func (a *applier) apply(ctx context.Context, objects []runtime.Object) error {
	for _, o := range objects {
		if err := a.put(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) put(ctx context.Context, o runtime.Object) error {
	kinds, _, err := scheme.Scheme.ObjectKinds(o)
	if err != nil {
		return fmt.Errorf("finding the kind of %T: %w", o, err)
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", kinds[0].Kind, err)
	}
	u := &unstructured.Unstructured{}
	if err = json.Unmarshal(raw, &u.Object); err != nil {
		return fmt.Errorf("encoding %s: %w", kinds[0].Kind, err)
	}
	u.SetGroupVersionKind(kinds[0])
	unstructured.RemoveNestedField(u.Object, "status")
	what := u.GetKind() + " " + u.GetName()
	mapping, err := a.mapper.RESTMapping(kinds[0].GroupKind(), kinds[0].Version)
	if err != nil {
		return fmt.Errorf("finding the resource of %s: %w", what, err)
	}
	var client dynamic.ResourceInterface = a.dynamic.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		client = a.dynamic.Resource(mapping.Resource).Namespace(u.GetNamespace())
	}
	made, err := client.Create(ctx, u, metav1.CreateOptions{FieldManager: "dsconform", FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		return fmt.Errorf("creating %s: %w", what, err)
	}
	a.made = append(a.made, func(ctx context.Context) error { return takeOut(ctx, client, what, made.GetName(), made.GetUID()) })
	return nil
}

// takeOut deletes what was made, and nothing that has come in its place.
func takeOut(ctx context.Context, client dynamic.ResourceInterface, what, name string, uid types.UID) error {
	policy := metav1.DeletePropagationBackground
	err := client.Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &policy, Preconditions: &metav1.Preconditions{UID: &uid}})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("deleting %s: %w", what, err)
	}
	return nil
}

// remove takes out all that was put in, the last first.
func (a *applier) remove(ctx context.Context) error {
	var errs []error
	for _, out := range slices.Backward(a.made) {
		errs = append(errs, out(ctx))
	}
	a.made = nil
	return errors.Join(errs...)
}

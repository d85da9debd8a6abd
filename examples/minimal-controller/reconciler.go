package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// reconciler brings the pods of one DaemonSet at a time to where they should be.
type reconciler struct {
	client.Client
	// written holds the resourceVersion of the last status written of each DaemonSet.
	written sync.Map
}

// register has the DaemonSets reconciled that change, or whose pods or nodes do.
func (r *reconciler) register(manager ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(manager).
		For(&appsv1.DaemonSet{}).
		Owns(&corev1.Pod{}).
		Watches(&corev1.Node{}, handler.EnqueueRequestsFromMapFunc(r.all), builder.WithPredicates(eligibilityMayChange())).
		WithOptions(controller.Options{MaxConcurrentReconciles: 4}).
		Complete(r)
}

// eligibilityMayChange leaves out the nodes' heartbeats.
func eligibilityMayChange() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, isNode := e.ObjectOld.(*corev1.Node)
		after, areNodes := e.ObjectNew.(*corev1.Node)
		return isNode && areNodes &&
			(!maps.Equal(before.Labels, after.Labels) || !equality.Semantic.DeepEqual(before.Spec.Taints, after.Spec.Taints))
	}}
}

// all asks for every DaemonSet.
func (r *reconciler) all(ctx context.Context, _ client.Object) []reconcile.Request {
	var sets appsv1.DaemonSetList
	if err := r.List(ctx, &sets); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing DaemonSets")
		return nil
	}
	var requests []reconcile.Request
	for _, ds := range sets.Items {
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: ds.Namespace, Name: ds.Name}})
	}
	return requests
}

// Reconcile creates and deletes pods, then writes the status, even if some of
// the former was refused.
func (r *reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var ds appsv1.DaemonSet
	if err := r.Get(ctx, request.NamespacedName, &ds); err != nil {
		if apierrors.IsNotFound(err) {
			r.written.Delete(request.NamespacedName)
		}
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if last, ok := r.written.Load(request.NamespacedName); ok {
		if order, err := resourceversion.CompareResourceVersion(ds.ResourceVersion, last.(string)); err == nil && order < 0 {
			return reconcile.Result{}, nil // our own write is on its way to the cache, and asks for us again
		}
	}
	if !ds.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil // the garbage collector deletes the pods
	}
	state, err := r.look(ctx, &ds)
	if err != nil {
		return reconcile.Result{}, err
	}
	creates, deletes := state.manage()
	if ds.Spec.UpdateStrategy.Type == appsv1.RollingUpdateDaemonSetStrategyType {
		roll, err := state.roll()
		if err != nil {
			return reconcile.Result{}, err
		}
		deletes = append(deletes, roll...)
	}
	var errs []error
	for _, pod := range creates {
		// The name tells the node: a cache that lags cannot make a second pod there.
		if err := r.Create(ctx, pod); err != nil && !apierrors.IsAlreadyExists(err) {
			errs = append(errs, fmt.Errorf("create pod %s: %w", pod.Name, err))
		}
	}
	for _, pod := range deletes {
		errs = append(errs, r.remove(ctx, pod))
	}
	errs = append(errs, r.writeStatus(ctx, &ds, state.status()))
	return reconcile.Result{RequeueAfter: state.nextAvailable()}, errors.Join(errs...)
}

// look reads what there is, all of it from the cache.
func (r *reconciler) look(ctx context.Context, ds *appsv1.DaemonSet) (*state, error) {
	selector, err := metav1.LabelSelectorAsSelector(ds.Spec.Selector)
	if err != nil {
		return nil, reconcile.TerminalError(fmt.Errorf("read the selector: %w", err))
	}
	var nodes corev1.NodeList
	if err := r.List(ctx, &nodes); err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	var pods corev1.PodList
	if err := r.List(ctx, &pods, client.InNamespace(ds.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	pods.Items = slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool { return !metav1.IsControlledBy(&pod, ds) })
	return newState(ds, nodes.Items, pods.Items, time.Now()), nil
}

// remove deletes the pod as it was seen: one that has changed since is looked at again.
func (r *reconciler) remove(ctx context.Context, pod *corev1.Pod) error {
	err := r.Delete(ctx, pod, client.Preconditions{UID: &pod.UID, ResourceVersion: &pod.ResourceVersion})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("delete pod %s: %w", pod.Name, err)
	}
	return nil
}

// writeStatus writes the status if it says anything new.
func (r *reconciler) writeStatus(ctx context.Context, ds *appsv1.DaemonSet, status appsv1.DaemonSetStatus) error {
	if equality.Semantic.DeepEqual(ds.Status, status) {
		return nil
	}
	ds = ds.DeepCopy()
	ds.Status = status
	if err := r.Status().Update(ctx, ds); err != nil {
		return fmt.Errorf("write the status: %w", err)
	}
	r.written.Store(client.ObjectKeyFromObject(ds), ds.ResourceVersion)
	return nil
}

package rig

import (
	"context"
	"fmt"
	"reflect"
	"unsafe"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/kubernetes/pkg/controller"
	"k8s.io/kubernetes/pkg/controller/daemon"
)

// Insides are what the controller keeps to itself, and a defect of the program
// itself would change. A field that upstream no longer has is an error when the
// controller starts, and the defect is not run.
type Insides struct {
	controller *daemon.DaemonSetsController
	err        error
}

// SyncFunc looks at the DaemonSet of the key, NAMESPACE/NAME, and does what it needs.
type SyncFunc func(ctx context.Context, key string) error

// Burst sets how many pods the controller creates, or deletes, in one go.
func (i *Insides) Burst(n int) { set(i, "burstReplicas", n) }

// Expectations replaces the count of what the controller has not yet seen of
// its own creations and deletions.
func (i *Insides) Expectations(e controller.ControllerExpectationsInterface) {
	set(i, "expectations", e)
}

// Queue replaces the queue of the DaemonSets to be looked at.
func (i *Insides) Queue(wrap func(workqueue.TypedRateLimitingInterface[string]) workqueue.TypedRateLimitingInterface[string]) {
	change(i, "queue", wrap)
}

// NodeQueue replaces the queue of the nodes whose DaemonSets are to be looked at.
func (i *Insides) NodeQueue(wrap func(workqueue.TypedRateLimitingInterface[string]) workqueue.TypedRateLimitingInterface[string]) {
	change(i, "nodeUpdateQueue", wrap)
}

// Sync replaces what the controller does with a DaemonSet from its queue.
func (i *Insides) Sync(wrap func(SyncFunc) SyncFunc) {
	change(i, "syncHandler", func(before func(context.Context, string) error) func(context.Context, string) error {
		return wrap(before)
	})
}

// Pods replaces that by which the controller creates and deletes pods.
func (i *Insides) Pods(wrap func(controller.PodControlInterface) controller.PodControlInterface) {
	change(i, "podControl", wrap)
}

func set[T any](i *Insides, name string, value T) { change(i, name, func(T) T { return value }) }

// change replaces the field of that name by what f makes of it.
func change[T any](i *Insides, name string, f func(T) T) {
	field := reflect.ValueOf(i.controller).Elem().FieldByName(name)
	if !field.IsValid() || field.Type() != reflect.TypeFor[T]() {
		i.err = fmt.Errorf("the DaemonSet controller has no field %s of type %s", name, reflect.TypeFor[T]())
		return
	}
	// The field is not exported: that it is there, and of this type, was just seen.
	p := (*T)(unsafe.Pointer(field.UnsafeAddr()))
	*p = f(*p)
}

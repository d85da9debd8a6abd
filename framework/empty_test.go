package framework

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"

	"github.com/dsconform/dsconform/framework/history"
)

// dying is a pod in deletion that is held.
func dying(name, finalizer string) *corev1.Pod {
	now := metav1.Now()
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "spec", Name: name, UID: types.UID(name), DeletionTimestamp: &now, Finalizers: []string{finalizer},
	}}
}

// emptying is an Env on a server that removes a pod once its finalizers are taken
// off, as a real one does; then gives what is made meanwhile.
func emptying(t *testing.T, pods []runtime.Object, then map[string]*corev1.Pod) *Env {
	t.Helper()
	client := fake.NewClientset(pods...)
	done := func(ktesting.Action) (bool, runtime.Object, error) { return true, nil, nil }
	client.PrependReactor("delete-collection", "*", done)
	watched := watch.NewRaceFreeFake()
	client.PrependWatchReactor("pods", ktesting.DefaultWatchReactor(watched, nil))
	version := 1000
	stamp := func(pod *corev1.Pod) *corev1.Pod {
		version++
		pod.ResourceVersion = strconv.Itoa(version)
		return pod
	}
	client.PrependReactor("patch", "pods", func(action ktesting.Action) (bool, runtime.Object, error) {
		name := action.(ktesting.PatchAction).GetName()
		if next := then[name]; next != nil {
			watched.Add(stamp(next))
		}
		watched.Delete(stamp(dying(name, HoldFinalizer)))
		return true, &corev1.Pod{}, nil
	})
	recorder, err := history.Start(t.Context(), client, history.Options{Namespaces: []string{"spec"}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(recorder.Stop)
	return &Env{Client: client, Namespace: "spec", History: recorder}
}

// TestHeldPodsThatComeLateAreLetGo: a controller that has not heard of its
// DaemonSet's end makes the pods anew, held by the template's finalizer.
func TestHeldPodsThatComeLateAreLetGo(t *testing.T) {
	t.Parallel()
	e := emptying(t, []runtime.Object{dying("first", HoldFinalizer)}, map[string]*corev1.Pod{
		"first": dying("second", HoldFinalizer), "second": dying("third", HoldFinalizer),
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := e.emptyNamespace(ctx); err != nil {
		t.Fatal(err)
	}
	if left := e.History.State().Pods(); len(left) > 0 {
		t.Errorf("%d pods are left", len(left))
	}
}

// TestWhatOthersHoldIsToldOf: a finalizer that is not ours is its owner's to remove.
func TestWhatOthersHoldIsToldOf(t *testing.T) {
	t.Parallel()
	e := emptying(t, []runtime.Object{dying("theirs", "example.com/theirs"), dying("ours", HoldFinalizer)}, nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := e.emptyNamespace(ctx)
	want := "namespace spec does not empty: 1 pods are left, the first is theirs on node \"\", with finalizers [example.com/theirs]"
	if err == nil || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
	}
	names := []string{}
	for _, pod := range e.History.State().Pods() {
		names = append(names, pod.Name)
	}
	if !slices.Equal(names, []string{"theirs"}) {
		t.Errorf("left are %v", names)
	}
}

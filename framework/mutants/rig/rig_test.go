package rig

import (
	"context"
	"testing"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/kubernetes/pkg/controller"
	"k8s.io/kubernetes/pkg/controller/daemon"
	"k8s.io/utils/clock"
)

// real makes the upstream controller on a client that is none.
func real(t *testing.T) *Insides {
	t.Helper()
	client := fake.NewClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	apps, core := factory.Apps().V1(), factory.Core().V1()
	c, err := daemon.NewDaemonSetsController(t.Context(), apps.DaemonSets(), apps.ControllerRevisions(), core.Pods(), core.Nodes(),
		client, flowcontrol.NewFakeBackOff(1, 1, clock.RealClock{}))
	if err != nil {
		t.Fatal(err)
	}
	return &Insides{controller: c}
}

// TestInsidesAreThere notices an upstream that has moved its furniture.
func TestInsidesAreThere(t *testing.T) {
	t.Parallel()
	i := real(t)
	i.Burst(7)
	i.Expectations(controller.NewControllerExpectations())
	same := func(q workqueue.TypedRateLimitingInterface[string]) workqueue.TypedRateLimitingInterface[string] {
		return q
	}
	i.Queue(same)
	i.NodeQueue(same)
	called := false
	i.Sync(func(SyncFunc) SyncFunc {
		return func(context.Context, string) error {
			called = true
			return nil
		}
	})
	i.Pods(func(p controller.PodControlInterface) controller.PodControlInterface { return p })
	if i.err != nil {
		t.Fatal(i.err)
	}
	burst := 0
	change(i, "burstReplicas", func(n int) int { burst = n; return n })
	change(i, "syncHandler", func(f func(context.Context, string) error) func(context.Context, string) error {
		_ = f(t.Context(), "a/b")
		return f
	})
	if burst != 7 || !called {
		t.Errorf("the burst is %d, want 7; the sync was called: %v", burst, called)
	}
}

func TestUnknownInsidesAreAnError(t *testing.T) {
	t.Parallel()
	i := real(t)
	set(i, "burstReplicas", "seven")
	if i.err == nil {
		t.Error("a field of another type was set")
	}
	i = real(t)
	set(i, "noSuchField", 7)
	if i.err == nil {
		t.Error("a field that is not there was set")
	}
}

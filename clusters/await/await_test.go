package await

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	fcache "k8s.io/client-go/tools/cache/testing"
)

func testNode(name string, ready corev1.ConditionStatus, taints ...string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready, Reason: "KubeletNotReady", Message: "no network"}}
	for _, key := range taints {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: key, Effect: corev1.TaintEffectNoSchedule})
	}
	return n
}

func TestAwaitNodesIsWokenByEvents(t *testing.T) {
	t.Parallel()
	source := fcache.NewFakeControllerSource()
	defer source.Shutdown()
	source.Add(testNode("a", corev1.ConditionFalse))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	done := make(chan error, 1)
	looked := make(chan string, 100)
	go func() {
		done <- Nodes(ctx, source, "the nodes", []string{"a", "b"}, func(n *corev1.Node) (bool, string) {
			ok, why := Settled(n)
			looked <- n.Name + why
			return ok, why
		})
	}()
	<-looked // the first list has been judged: what follows comes by events
	source.Add(testNode("b", corev1.ConditionTrue))
	source.Modify(testNode("a", corev1.ConditionTrue, corev1.TaintNodeNotReady))
	for !strings.Contains(<-looked, "still has the taint") {
	}
	select {
	case err := <-done:
		t.Fatalf("it did not wait for the taint to go: %v", err)
	default:
	}
	source.Modify(testNode("a", corev1.ConditionTrue, "maintenance"))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestAwaitTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	source := fcache.NewFakeControllerSource()
	defer source.Shutdown()
	source.Add(testNode("a", corev1.ConditionFalse))
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, fmt.Errorf("not done within 300ms: %w", context.DeadlineExceeded))
	defer cancel()
	err := Nodes(ctx, source, "the nodes to be Ready", []string{"a", "b"}, NodeReady)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"waiting for the nodes to be Ready", "node b has not registered", "node a is not Ready: KubeletNotReady: no network", "not done within 300ms"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestManyMissingNodesAreCounted(t *testing.T) {
	t.Parallel()
	names := make([]string, 5000)
	for i := range names {
		names[i] = fmt.Sprintf("n%04d", i)
	}
	for missing, want := range map[int]string{
		0: "",
		5: "node n0000 has not registered; node n0001 has not registered; node n0002 has not registered; node n0003 has not registered; node n0004 has not registered",
		7: "node n0000 has not registered; node n0001 has not registered; node n0002 has not registered; node n0003 has not registered; node n0004 has not registered; and 2 more of 5000 nodes",
	} {
		var nodes []*corev1.Node
		for _, name := range names[missing:] {
			nodes = append(nodes, testNode(name, corev1.ConditionTrue))
		}
		if ok, got := everyNode(nodes, names, NodeReady); ok != (missing == 0) || got != want {
			t.Errorf("%d missing: %v, %q", missing, ok, got)
		}
	}
}

// Looking at thousands of objects takes its time: it may not be all that is done.
func TestAwaitRestsBetweenItsLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := fcache.NewFakeControllerSource()
		defer source.Shutdown()
		node := testNode("a", corev1.ConditionFalse)
		source.Add(node.DeepCopy())
		ctx, cancel := context.WithTimeout(t.Context(), 9500*time.Millisecond)
		defer cancel()
		var changing sync.WaitGroup
		changing.Go(func() {
			for ctx.Err() == nil {
				source.Modify(node.DeepCopy())
				<-time.After(10 * time.Millisecond)
			}
		})
		defer changing.Wait()
		looks := 0
		_ = Until(ctx, source, "what never comes", func([]*corev1.Node) (bool, string) {
			looks++
			<-time.After(100 * time.Millisecond)
			return false, "it"
		})
		// One may come on top as the time is up.
		if looks < 10 || looks > 12 {
			t.Errorf("%d looks of 100 ms each in 9.5 s, want a tenth of the time: 10", looks)
		}
	})
}

func TestAwaitLooksAtAnEmptyList(t *testing.T) {
	t.Parallel()
	source := fcache.NewFakeControllerSource()
	defer source.Shutdown()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := Until(ctx, source, "nothing", func(nodes []*corev1.Node) (bool, string) { return len(nodes) == 0, "" })
	if err != nil {
		t.Fatal(err)
	}
}

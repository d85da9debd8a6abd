package kind

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
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
		done <- awaitNodes(ctx, source, "the nodes", []string{"a", "b"}, func(n *corev1.Node) (bool, string) {
			ok, why := settled(n)
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
	ctx, cancel := bound(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := awaitNodes(ctx, source, "the nodes to be Ready", []string{"a", "b"}, nodeReady)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"waiting for the nodes to be Ready", "node b has not registered", "node a is not Ready: KubeletNotReady: no network", "not done within 300ms"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestAwaitLooksAtAnEmptyList(t *testing.T) {
	t.Parallel()
	source := fcache.NewFakeControllerSource()
	defer source.Shutdown()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := await(ctx, source, "nothing", func(nodes []*corev1.Node) (bool, string) { return len(nodes) == 0, "" })
	if err != nil {
		t.Fatal(err)
	}
}

func TestSystemVerdicts(t *testing.T) {
	t.Parallel()
	set := func(gen, observed int64, desired, ready int32) *appsv1.DaemonSet {
		return &appsv1.DaemonSet{
			ObjectMeta: metav1.ObjectMeta{Name: "s", Generation: gen},
			Status:     appsv1.DaemonSetStatus{ObservedGeneration: observed, DesiredNumberScheduled: desired, NumberReady: ready},
		}
	}
	for _, tc := range []struct {
		name string
		sets []*appsv1.DaemonSet
		want bool
	}{
		{"none", nil, false},
		{"complete", []*appsv1.DaemonSet{set(1, 1, 3, 3)}, true},
		{"status of an older generation", []*appsv1.DaemonSet{set(2, 1, 3, 3)}, false},
		{"a node not yet counted", []*appsv1.DaemonSet{set(1, 1, 2, 2)}, false},
		{"a pod not ready", []*appsv1.DaemonSet{set(1, 1, 3, 3), set(1, 1, 3, 2)}, false},
	} {
		if got, why := systemSets(tc.sets, 3); got != tc.want {
			t.Errorf("%s: %v (%s), want %v", tc.name, got, why, tc.want)
		}
	}
	two := int32(2)
	d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &two}, Status: appsv1.DeploymentStatus{ReadyReplicas: 1}}
	if ok, _ := systemDeployments([]*appsv1.Deployment{d}); ok {
		t.Error("a Deployment with one of two pods ready was taken for complete")
	}
	d.Status.ReadyReplicas = 2
	if ok, why := systemDeployments([]*appsv1.Deployment{d}); !ok {
		t.Error(why)
	}
}

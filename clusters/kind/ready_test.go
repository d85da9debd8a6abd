package kind

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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

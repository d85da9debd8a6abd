package kubelet

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/clusters"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	for i, want := range map[int]string{1: "198.18.0.1", 255: "198.18.0.255", 256: "198.18.1.0", 5001: "198.18.19.137"} {
		if got := Address(i); got != want {
			t.Errorf("address %d is %s, want %s", i, got, want)
		}
	}
}

func TestNodesRegisterAsAsked(t *testing.T) {
	t.Parallel()
	worker := Machine{Address: "198.18.0.2", Version: "v1.37.2", Spec: clusters.NodeSpec{
		Name: "w", Role: clusters.RoleWorker, Labels: map[string]string{"a": "b"},
		Taints: []corev1.Taint{{Key: "k", Effect: corev1.TaintEffectNoSchedule}},
	}}.Node()
	if worker.Name != "w" || worker.Labels["a"] != "b" || worker.Labels[corev1.LabelHostname] != "w" || worker.Labels[StateLabel] != StateRunning {
		t.Errorf("labels %v", worker.Labels)
	}
	if len(worker.Spec.Taints) != 1 || worker.Spec.Taints[0].Key != "k" || len(worker.Status.Conditions) > 0 {
		t.Errorf("taints %v, conditions %v", worker.Spec.Taints, worker.Status.Conditions)
	}
	if _, marked := worker.Annotations[SimulatedAnnotation]; !marked || worker.Status.NodeInfo.KubeletVersion != "v1.37.2" {
		t.Errorf("it does not say that it is simulated, or of which version: %+v", worker)
	}
	first := Machine{Spec: clusters.NodeSpec{Name: "c", Role: clusters.RoleControlPlane}}.Node()
	if _, labelled := first.Labels[ControlPlaneLabel]; !labelled || first.Spec.Taints[0].ToString() != ControlPlaneLabel+":NoSchedule" {
		t.Errorf("a control-plane node is %v, %v", first.Labels, first.Spec.Taints)
	}
	if first.Status.NodeInfo.BootID == worker.Status.NodeInfo.BootID {
		t.Error("two machines have one boot ID")
	}
}

func TestAReboot(t *testing.T) {
	t.Parallel()
	pod := bound(runs(corev1.ConditionTrue, corev1.ConditionTrue))
	status := Rebooted(pod, epoch())
	if status == nil || status.ContainerStatuses[0].RestartCount != 1 || status.ContainerStatuses[0].Ready ||
		status.ContainerStatuses[0].LastTerminationState.Terminated == nil || len(status.Conditions) != 2 {
		t.Fatalf("got %+v", status)
	}
	for what, pod := range map[string]*corev1.Pod{"pending": bound(), "ended": bound(runs("True", "True"), phase(corev1.PodSucceeded)), "crashed": bound(crashed(1))} {
		if got := Rebooted(pod, epoch()); got != nil {
			t.Errorf("a pod that is %s changes to %+v", what, got)
		}
	}
}

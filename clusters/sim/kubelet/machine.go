package kubelet

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"net/netip"
	"runtime"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/clusters"
)

// ControlPlaneLabel is what kubeadm labels and taints control-plane nodes with.
const ControlPlaneLabel = "node-role.kubernetes.io/control-plane"

// Machine is what a node's kubelet knows of itself.
type Machine struct {
	// Spec is what the node was made with; its name is set.
	Spec clusters.NodeSpec
	// Address is the node's internal address.
	Address string
	// Version is that of Kubernetes, as "v1.37.2".
	Version string
}

// Address is the address of the i-th node, counted from 1: out of 198.18.0.0/15,
// which RFC 2544 sets aside for tests, so that no packet to it gets anywhere.
func Address(i int) string {
	base := netip.MustParseAddr("198.18.0.0").As4()
	n := uint32(base[0])<<24 | uint32(base[1])<<16 | uint32(base[2])<<8 | uint32(base[3])
	n += uint32(i)
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}).String()
}

// Node is the object the kubelet registers. It says nothing of the node's
// conditions yet; the taint of a node that is not ready is the API server's to add.
func (m Machine) Node() *corev1.Node {
	labels := map[string]string{
		corev1.LabelHostname:   m.Spec.Name,
		corev1.LabelOSStable:   "linux",
		corev1.LabelArchStable: runtime.GOARCH,
		StateLabel:             StateRunning,
	}
	taints := slices.Clone(m.Spec.Taints)
	if m.Spec.Role == clusters.RoleControlPlane {
		labels[ControlPlaneLabel] = ""
		taints = append(taints, corev1.Taint{Key: ControlPlaneLabel, Effect: corev1.TaintEffectNoSchedule})
	}
	maps.Copy(labels, m.Spec.Labels)
	notes := map[string]string{SimulatedAnnotation: "fake"}
	if m.Spec.ReadyDelay > 0 {
		notes[NodeReadyDelay] = m.Spec.ReadyDelay.String()
	}
	room := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("8"),
		corev1.ResourceMemory:           resource.MustParse("32Gi"),
		corev1.ResourceEphemeralStorage: resource.MustParse("100Gi"),
		corev1.ResourcePods:             resource.MustParse("110"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: m.Spec.Name, Labels: labels, Annotations: notes},
		Spec:       corev1.NodeSpec{Taints: taints},
		Status: corev1.NodeStatus{
			Capacity: room, Allocatable: room,
			Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: m.Address}, {Type: corev1.NodeHostName, Address: m.Spec.Name}},
			NodeInfo: corev1.NodeSystemInfo{
				Architecture: runtime.GOARCH, OperatingSystem: "linux", OSImage: "simulated", KernelVersion: "simulated",
				ContainerRuntimeVersion: "kwok://simulated", KubeletVersion: m.Version, KubeProxyVersion: m.Version, //nolint:staticcheck // a real node still tells it
				MachineID: random(), SystemUUID: random(), BootID: random(),
			},
		},
	}
}

// BootPatch is the change of a node's status that a reboot makes.
func BootPatch() map[string]any {
	return map[string]any{"nodeInfo": map[string]string{"bootID": random()}}
}

func random() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // Read never fails
	return hex.EncodeToString(b[:])
}

// exitUnknown is the exit code a kubelet tells of a container whose end it did
// not see.
const exitUnknown = 255

// Rebooted gives the change of a pod's status that a reboot of its node makes,
// nil if it makes none: pods that have ended, or never ran, stay as they are.
func Rebooted(pod *corev1.Pod, now metav1.Time) *corev1.PodStatus {
	if pod.Status.Phase != corev1.PodRunning {
		return nil
	}
	var status corev1.PodStatus
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Running == nil {
			continue
		}
		c.LastTerminationState = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: exitUnknown, Reason: "Unknown", StartedAt: c.State.Running.StartedAt, FinishedAt: now, ContainerID: c.ContainerID,
		}}
		c.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}
		c.RestartCount++
		c.Ready = false
		status.ContainerStatuses = append(status.ContainerStatuses, c)
	}
	if len(status.ContainerStatuses) != len(pod.Status.ContainerStatuses) {
		return nil
	}
	for _, kind := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
		status.Conditions = append(status.Conditions, corev1.PodCondition{
			Type: kind, Status: corev1.ConditionFalse, LastTransitionTime: now, Reason: "ContainersNotReady",
		})
	}
	return &status
}

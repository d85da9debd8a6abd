package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	schedule "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// hashLabel tells which template a pod was made from.
const hashLabel = appsv1.ControllerRevisionHashLabelKey

// templateHash is the same for equal templates, and names no ControllerRevision:
// there are none.
func templateHash(ds *appsv1.DaemonSet) string {
	raw, _ := json.Marshal(ds.Spec.Template) // What came as JSON goes as JSON.
	return digest(string(raw))
}

func digest(text string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text)) // A hash takes everything.
	return fmt.Sprintf("%08x", h.Sum32())
}

// newPod is the template's pod for one node, which the scheduler binds it to.
func newPod(ds *appsv1.DaemonSet, node, hash string) *corev1.Pod {
	template := ds.Spec.Template.DeepCopy()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			// A name is at most 253 characters long.
			Name:            fmt.Sprintf("%.240s-%s", ds.Name, digest(string(ds.UID)+node)),
			Namespace:       ds.Namespace,
			Labels:          maps.Clone(template.Labels),
			Annotations:     template.Annotations,
			Finalizers:      template.Finalizers,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(ds, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))},
		},
		Spec: template.Spec,
	}
	pod.Labels[hashLabel] = hash
	pod.Spec.Tolerations = tolerations(&template.Spec)
	if pod.Spec.Affinity == nil {
		pod.Spec.Affinity = &corev1.Affinity{}
	}
	if pod.Spec.Affinity.NodeAffinity == nil {
		pod.Spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	// In place of the template's own terms, which the node was held against.
	pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{
			{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node}},
		}}},
	}
	return pod
}

// targetOf is the node the pod is on, or waits for.
func targetOf(pod *corev1.Pod) string {
	if pod.Spec.NodeName != "" {
		return pod.Spec.NodeName
	}
	affinity := pod.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return ""
	}
	for _, term := range affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, field := range term.MatchFields {
			if field.Key == metav1.ObjectNameField && len(field.Values) == 1 {
				return field.Values[0]
			}
		}
	}
	return ""
}

// tolerations are the template's, then the six or seven of every DaemonSet pod.
func tolerations(spec *corev1.PodSpec) []corev1.Toleration {
	own := []corev1.Toleration{
		{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
		{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
	}
	pressed := []string{corev1.TaintNodeDiskPressure, corev1.TaintNodeMemoryPressure, corev1.TaintNodePIDPressure, corev1.TaintNodeUnschedulable}
	if spec.HostNetwork {
		pressed = append(pressed, corev1.TaintNodeNetworkUnavailable)
	}
	for _, key := range pressed {
		own = append(own, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule})
	}
	return slices.Concat(spec.Tolerations, own)
}

// fit says whether the pods of a DaemonSet belong on a node.
type fit struct {
	// run tells whether one should be made there; stay, whether one that is there may remain.
	run, stay bool
}

func fits(ds *appsv1.DaemonSet, node *corev1.Node) fit {
	spec := ds.Spec.Template.Spec
	if spec.NodeName != "" && spec.NodeName != node.Name {
		return fit{}
	}
	matches, err := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: spec}).Match(node)
	if err != nil || !matches {
		return fit{}
	}
	result := fit{run: true, stay: true}
	tolerated := tolerations(&spec)
	for i := range node.Spec.Taints {
		taint := &node.Spec.Taints[i]
		// The operators Lt and Gt are alpha, and left out.
		if taint.Effect == corev1.TaintEffectPreferNoSchedule || schedule.TolerationsTolerateTaint(klog.Background(), tolerated, taint, false) {
			continue
		}
		result.run = false
		if taint.Effect == corev1.TaintEffectNoExecute {
			result.stay = false
		}
	}
	return result
}

// ended tells whether all containers of the pod have ended for good.
func ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded
}

func isReady(pod *corev1.Pod) bool { return !readySince(pod).IsZero() }

// readySince is when the pod became ready; zero if it is not.
func readySince(pod *corev1.Pod) time.Time {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

package oracle

import (
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// templateGenerationLabel marks pods with the template generation of their
// DaemonSet; its value is that of the annotation of the same purpose.
const templateGenerationLabel = "pod-template-generation"

// TargetNode is the node that a pod of a DaemonSet is for: the one it is bound
// to, else the one its required affinity names by metadata.name. It is "" for a
// pod that names none, or several. (DS-PLC-008, DS-OWN-014)
func TargetNode(pod *corev1.Pod) string {
	if pod.Spec.NodeName != "" {
		return pod.Spec.NodeName
	}
	a := pod.Spec.Affinity
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return ""
	}
	for _, term := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, f := range term.MatchFields {
			if f.Key != metav1.ObjectNameField || f.Operator != corev1.NodeSelectorOpIn {
				continue
			}
			if len(f.Values) != 1 {
				return ""
			}
			return f.Values[0]
		}
	}
	return ""
}

// Terminating tells whether the pod is being deleted.
func Terminating(pod *corev1.Pod) bool { return pod.DeletionTimestamp != nil }

// Terminal tells whether the pod has ended for good: phase Failed or Succeeded.
func Terminal(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded
}

// Disrupted tells whether somebody else than its controller marked the pod as his
// victim, as eviction, preemption, taint eviction and the garbage collection of
// pods all do. (API: Pod status.conditions DisruptionTarget)
func Disrupted(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue
	})
}

// Ready tells whether the pod's Ready condition is True.
func Ready(pod *corev1.Pod) bool {
	c := readyCondition(pod)
	return c != nil && c.Status == corev1.ConditionTrue
}

func readyCondition(pod *corev1.Pod) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == corev1.PodReady {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

// Available tells whether the pod is Ready, and has been for minReadySeconds at
// now. If it is Ready but not yet for long enough, at is when it will be;
// otherwise at is zero. (DS-MRS-001, DS-MRS-007)
func Available(pod *corev1.Pod, minReadySeconds int32, now time.Time) (ok bool, at time.Time) {
	if !Ready(pod) {
		return false, time.Time{}
	}
	if minReadySeconds == 0 {
		return true, time.Time{}
	}
	since := readyCondition(pod).LastTransitionTime
	if since.IsZero() {
		return false, time.Time{}
	}
	due := since.Add(time.Duration(minReadySeconds) * time.Second)
	if now.Before(due) {
		return false, due
	}
	return true, time.Time{}
}

// Updated tells whether the pod counts as one of the DaemonSet's present
// template: it carries the current revision's hash, or the present template
// generation. (behaviours section 0, fact 5)
func Updated(pod *corev1.Pod, ds *appsv1.DaemonSet, currentHash string) bool {
	if currentHash != "" && pod.Labels[appsv1.ControllerRevisionHashLabelKey] == currentHash {
		return true
	}
	generation := templateGeneration(ds)
	return generation > 0 && pod.Labels[templateGenerationLabel] == strconv.FormatInt(generation, 10)
}

// templateGeneration reads the annotation that counts the template's changes; 0 if there is none.
func templateGeneration(ds *appsv1.DaemonSet) int64 {
	n, err := strconv.ParseInt(ds.Annotations[appsv1.DeprecatedTemplateGeneration], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// byNode groups pods by the node they are for, each group with the pod first
// that counts for the node: bound before unbound, then older, then by name.
// Pods for no node, and finished pods that are being deleted, are left out:
// they count nowhere. (DS-PLC-023, DS-OWN-014, DS-STA-002, DS-STA-004)
func byNode(pods []*corev1.Pod) map[string][]*corev1.Pod {
	out := map[string][]*corev1.Pod{}
	for _, p := range pods {
		if Terminating(p) && Terminal(p) {
			continue
		}
		if node := TargetNode(p); node != "" {
			out[node] = append(out[node], p)
		}
	}
	for _, group := range out {
		slices.SortFunc(group, firstCounts)
	}
	return out
}

func firstCounts(a, b *corev1.Pod) int {
	if bound := a.Spec.NodeName != ""; bound != (b.Spec.NodeName != "") {
		if bound {
			return -1
		}
		return 1
	}
	if c := a.CreationTimestamp.Compare(b.CreationTimestamp.Time); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

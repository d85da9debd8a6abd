package oracle

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// AutoTolerations gives the tolerations that every pod of the DaemonSet gets
// besides those of its template, in the order in which they are added: six, and
// a seventh (network-unavailable) on the host network. All have operator Exists
// and no seconds. Note that not-ready and unreachable are tolerated with effect
// NoExecute only. (DS-TOL-001, DS-TOL-002)
func AutoTolerations(ds *appsv1.DaemonSet) []corev1.Toleration {
	exists := func(key string, effect corev1.TaintEffect) corev1.Toleration {
		return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: effect}
	}
	out := []corev1.Toleration{
		exists(corev1.TaintNodeNotReady, corev1.TaintEffectNoExecute),
		exists(corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute),
		exists(corev1.TaintNodeDiskPressure, corev1.TaintEffectNoSchedule),
		exists(corev1.TaintNodeMemoryPressure, corev1.TaintEffectNoSchedule),
		exists(corev1.TaintNodePIDPressure, corev1.TaintEffectNoSchedule),
		exists(corev1.TaintNodeUnschedulable, corev1.TaintEffectNoSchedule),
	}
	if ds.Spec.Template.Spec.HostNetwork {
		out = append(out, exists(corev1.TaintNodeNetworkUnavailable, corev1.TaintEffectNoSchedule))
	}
	return out
}

// Tolerations gives the tolerations that a pod of the DaemonSet must carry, in
// order: the template's, then the automatic ones. A toleration of the template
// that equals an automatic one in all but its seconds is replaced by it, where
// it stands. (DS-TOL-004, DS-TOL-005)
func Tolerations(ds *appsv1.DaemonSet) []corev1.Toleration {
	out := slices.Clone(ds.Spec.Template.Spec.Tolerations)
	for _, auto := range AutoTolerations(ds) {
		found := false
		for i := range out {
			if out[i].MatchToleration(&auto) {
				out[i], found = auto, true
			}
		}
		if !found {
			out = append(out, auto)
		}
	}
	return out
}

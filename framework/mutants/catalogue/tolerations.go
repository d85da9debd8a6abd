package catalogue

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// tolerations are defects in the tolerations of pods, and in what they are
// taken to mean.
func tolerations() []Mutant {
	var out []Mutant
	for _, t := range []struct {
		name, taint string
		effect      corev1.TaintEffect
		clauses     []string
	}{
		{"not-ready", corev1.TaintNodeNotReady, corev1.TaintEffectNoExecute, []string{"DS-TOL-001", "DS-TOL-007"}},
		{"unreachable", corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute, []string{"DS-TOL-001", "DS-TOL-007"}},
		{"disk-pressure", corev1.TaintNodeDiskPressure, corev1.TaintEffectNoSchedule, []string{"DS-TOL-001"}},
		{"memory-pressure", corev1.TaintNodeMemoryPressure, corev1.TaintEffectNoSchedule, []string{"DS-TOL-001"}},
		{"pid-pressure", corev1.TaintNodePIDPressure, corev1.TaintEffectNoSchedule, []string{"DS-TOL-001"}},
		{"unschedulable", corev1.TaintNodeUnschedulable, corev1.TaintEffectNoSchedule, []string{"DS-TOL-001", "DS-PLC-016"}},
	} {
		out = append(out, Mutant{
			ID:         "lacks-toleration-" + t.name,
			Notice:     "Pods do not tolerate " + t.taint + ":" + string(t.effect) + ", as every pod of a DaemonSet does.",
			Clauses:    t.clauses,
			Injection:  "writes: pods lose that toleration",
			ModelledOn: "A list of automatic tolerations copied from an old release, or typed from memory.",
			Inject: creating(func(p *corev1.Pod) {
				p.Spec.Tolerations = slices.DeleteFunc(p.Spec.Tolerations, func(have corev1.Toleration) bool {
					return have.Key == t.taint && have.Effect == t.effect && have.Operator == corev1.TolerationOpExists
				})
			}),
		})
	}
	return out
}

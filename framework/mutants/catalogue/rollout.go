package catalogue

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// rollout are defects in rolling updates without surge.
func rollout() []Mutant {
	return []Mutant{
		{
			ID:         "one-unavailable-too-many",
			Notice:     "A rollout takes down one pod more at a time than maxUnavailable allows.",
			Clauses:    []string{"DS-RUM-002", "DS-MRS-004"},
			Injection:  "view: a maxUnavailable given as a number is one higher",
			ModelledOn: "Comparing with <= where < is meant.",
			Inject: taking(func(ds *appsv1.DaemonSet) {
				if u := ds.Spec.UpdateStrategy.RollingUpdate; u != nil && u.MaxUnavailable != nil &&
					u.MaxUnavailable.Type == intstr.Int && u.MaxUnavailable.IntVal > 0 {
					u.MaxUnavailable.IntVal++
				}
			}),
		},
	}
}

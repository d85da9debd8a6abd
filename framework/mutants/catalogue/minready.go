package catalogue

import appsv1 "k8s.io/api/apps/v1"

// minReady are defects in minReadySeconds.
func minReady() []Mutant {
	return []Mutant{
		{
			ID:         "ignores-min-ready-seconds",
			Notice:     "Pods count as available as soon as they are ready, whatever minReadySeconds says.",
			Clauses:    []string{"DS-MRS-001", "DS-MRS-004", "DS-RUS-009"},
			Injection:  "view: minReadySeconds is 0",
			ModelledOn: "Taking ready for available, which they are by default.",
			Inject:     taking(func(ds *appsv1.DaemonSet) { ds.Spec.MinReadySeconds = 0 }),
		},
	}
}

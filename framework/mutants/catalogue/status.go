package catalogue

import appsv1 "k8s.io/api/apps/v1"

// status are defects in what the status says.
func status() []Mutant {
	return []Mutant{
		{
			ID:         "updated-is-current",
			Notice:     "updatedNumberScheduled always equals currentNumberScheduled: kubectl rollout status says that the rollout is done before it is.",
			Clauses:    []string{"DS-OND-001", "DS-STA-004", "DS-KUB-001"},
			Injection:  "writes: statuses say so",
			ModelledOn: "Counting pods by the selector and not by their revision.",
			Inject:     telling(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = ds.Status.CurrentNumberScheduled }),
		},
	}
}

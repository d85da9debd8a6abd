package catalogue

import corev1 "k8s.io/api/core/v1"

// template are defects in what of the template reaches the pods.
func template() []Mutant {
	return []Mutant{
		{
			ID:         "drops-template-annotations",
			Notice:     "Annotations of the template are missing from the pods: no restartedAt, no scraping, no injection.",
			Clauses:    []string{"DS-PLC-022"},
			Injection:  "writes: pods lose their annotations",
			ModelledOn: "Building the pod from spec.template.spec and copying only the labels of its metadata.",
			Inject:     creating(func(p *corev1.Pod) { p.Annotations = nil }),
		},
	}
}

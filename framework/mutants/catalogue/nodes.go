package catalogue

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// nodes are defects in how nodes that come, change and go are noticed.
func nodes() []Mutant {
	return []Mutant{
		{
			ID:         "misses-nodes-that-join",
			Notice:     "A node that joins gets no pods until the controller is restarted.",
			Clauses:    []string{"DS-NOD-001", "DS-NOD-008"},
			Injection:  "view: the watch of nodes does not tell of nodes that are added, nor of what becomes of them",
			ModelledOn: "Listing nodes once at the start, and handling updates alone.",
			Inject: func(s *rig.Setup) {
				var joined names
				s.Wire.Nodes.Change(func(c wire.Change[corev1.Node]) wire.Fate {
					if c.Type == watch.Added {
						joined.add(c.New.Name)
					}
					return wire.Fate{Lose: joined.have(c.New.Name)}
				})
			},
		},
	}
}

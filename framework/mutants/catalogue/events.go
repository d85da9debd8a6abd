package catalogue

import (
	"context"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// events are defects in the events about DaemonSets.
func events() []Mutant {
	return []Mutant{
		{
			ID:         "no-events",
			Notice:     "kubectl describe shows no events of a DaemonSet, whatever happens to it.",
			Clauses:    []string{"DS-EVT-001", "DS-POD-002", "DS-CMD-002"},
			Injection:  "writes: events are taken for written",
			ModelledOn: "An event recorder whose broadcaster was never started.",
			Inject: func(s *rig.Setup) {
				s.Wire.OnWrite("*", "events", func(_ context.Context, r *wire.Request, _ wire.Next) (*wire.Answer, error) {
					return wire.Pretend(r), nil
				})
			},
		},
	}
}

package rollout

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func observedGeneration() framework.Spec {
	return framework.Spec{
		ID:        "DS-STA-008",
		Area:      framework.RollingUpdate,
		Title:     "observedGeneration follows every change of the spec",
		Behaviour: "status.observedGeneration MUST reach metadata.generation after every change of the spec, and MUST never exceed it or go back.",
		Clauses:   []string{fieldObserved, sourceStatus},
		Level:     framework.Core,
		Why: "It tells every tool whether the status is about the spec it has just written; kubectl rollout status believes it. " +
			"A controller that raises it only when pods change makes tools wait for ever; one that raises it early makes them report success too soon.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name))
			for _, row := range []struct {
				what   string
				change fleet.Change
			}{
				{"the template", fleet.Image(e, "agent:v2")},
				{"minReadySeconds", fleet.MinReadySeconds(1)},
				{"maxUnavailable", fleet.MaxUnavailable("2")},
				{"maxSurge", fleet.MaxSurge("1")},
				{"revisionHistoryLimit", fleet.HistoryLimit(4)},
				{"the strategy", fleet.OnDelete},
			} {
				before := e.History.State().DaemonSet(name).Generation
				ds := fleet.Update(ctx, e, name, row.change)
				e.That(ds.Generation == before+1, "a change of "+row.what+" raises the generation by one", "it went from %d to %d", before, ds.Generation)
				e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(1), "after a change of "+row.what+" the controller reports to have seen it", fleet.Observed(ds))
			}
			e.Check(fleet.Each(e, generationBounds), "observedGeneration never exceeds the generation")
		},
	}
}

func generationBounds(_ *history.State, en history.Entry) error {
	if ds, ok := en.Object.(*appsv1.DaemonSet); ok && ds.Status.ObservedGeneration > ds.Generation {
		return fmt.Errorf("observedGeneration is %d at generation %d", ds.Status.ObservedGeneration, ds.Generation)
	}
	return nil
}

package rollout

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func templateKept() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-012",
		Area:      framework.RollingUpdate,
		Title:     "changes outside the template replace nothing",
		Behaviour: "A change of the spec that leaves the template alone (minReadySeconds, strategy, history limit), or of the DaemonSet's own labels and annotations, MUST NOT replace a pod or make a revision.",
		Clauses:   []string{docUpdate, "API: DaemonSet spec.template", sourcePatch},
		Level:     framework.Core,
		Why: "Only the template says what runs. A controller that compares generations, or hashes the spec as a whole, " +
			"restarts every pod when somebody tunes the strategy.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name))
			revisions := fleet.Revisions(e.History.State(), e.History.State().DaemonSet(name))
			for _, row := range []struct {
				what   string
				change fleet.Change
			}{
				{"minReadySeconds 1", fleet.MinReadySeconds(1)},
				{"maxUnavailable 50%", fleet.MaxUnavailable("50%")},
				{"maxSurge 1", fleet.MaxSurge("1")},
				{"strategy OnDelete", fleet.OnDelete},
				{"revisionHistoryLimit 3", fleet.HistoryLimit(3)},
				{"another annotation", fleet.Annotated("team", "blue")},
				{"another label", func(ds *appsv1.DaemonSet) { ds.Labels["team"] = "blue" }},
			} {
				ds := fleet.Update(ctx, e, name, row.change)
				e.BecomesFor(ctx, name, e.Timeouts.Placement, "after a change to "+row.what+" the controller has seen it and pod and revision are the same",
					fleet.Every(fleet.Observed(ds), old.Alone(), fleet.SameRevisions(ds, revisions)))
			}
			e.Stays(ctx, "pod and revision stay the same after all changes outside the template", nil,
				fleet.Every(old.Alone(), fleet.SameRevisions(e.History.State().DaemonSet(name), revisions)))
		},
	}
}

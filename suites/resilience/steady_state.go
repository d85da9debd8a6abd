package resilience

import (
	"context"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func restartInSteadyState() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-001",
		Area:      framework.Resilience,
		Title:     "a restart in steady state changes nothing",
		Behaviour: "A restart of the controller in steady state MUST neither create nor delete a pod or a ControllerRevision of a DaemonSet.",
		Clauses:   []string{"pkg/controller/daemon Run: no worker starts before the informers have synced"},
		Level:     framework.Core,
		Why: "A controller knows nothing at its start. One that acts before it has read the pods, nodes and revisions there are " +
			"takes every node for empty and every template for new: each upgrade of a control plane then disturbs all daemons of the cluster.",
		Needs:  []framework.Ability{framework.RestartController},
		Nodes:  framework.NodeNeed{Workers: 2},
		Serial: true,
		Smoke:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			pods := fleet.Deploy(ctx, e, e.DaemonSet("agent"))
			ds := e.History.State().DaemonSet("agent")
			revisions := fleet.Revisions(e.History.State(), ds)
			before := newest(e)

			e.StopController(ctx)
			e.StartController(ctx)
			// The new process has read the whole cluster and works once it acts on
			// what has come after it.
			fleet.CaughtUp(ctx, e, "witness")

			e.Stays(ctx, "the pods and the revision of before are all there is", nil, fleet.Every(pods.Alone(), fleet.SameRevisions(ds, revisions)))
			e.Check(untouched(ds, before)(e.History.Entries()), "since the restart no pod and no revision of DaemonSet %s was made or deleted", ds.Name)
		},
	}
}

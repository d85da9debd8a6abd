package resilience

import (
	"context"
	"fmt"
	"time"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/audit"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func failOver() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-005",
		Area:      framework.Resilience,
		Title:     "two controllers, of which one leads",
		Behaviour: "Of two controllers that elect a leader only the leader MUST write; when it is gone amid a rollout, the other MUST finish the rollout, within the budget and with one pod on each node.",
		Clauses:   []string{"concepts/architecture/leases: leader election of control plane components", "pkg/controller/daemon: all that a rollout has come to is read from the API"},
		Level:     framework.Extended,
		Why: "A control plane of three machines runs three controllers. Where two of them act, each makes the pods of the other again and deletes what the other has made, and a rollout takes down twice as many nodes as it may. " +
			"The spec counts what a pair asks for in one rollout, and kills the leader of the pair after the first deletion of the next.",
		Needs:  []framework.Ability{framework.ElectLeader, framework.InjectFaults, framework.ReadAudit},
		Nodes:  framework.NodeNeed{Workers: 3},
		Serial: true,
		Limit:  killedLimit,
		Body: func(ctx context.Context, e *framework.Env) {
			// The lease of a leader that is gone has to run out first.
			e.StartPair(ctx)
			led := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1")))
			e.StartSecond(ctx)
			fleet.CaughtUp(ctx, e, "witness")
			e.That(len(led.Pods) == len(e.Nodes), "each node has its pod", "nodes %v have one", led.Nodes())
			begun := time.Now()
			ds := fleet.Update(ctx, e, name, fleet.Template("two"))
			atRest(ctx, e, ds)
			e.Check(eachOnce(e.Asked(ctx, begun), len(e.Nodes)), "with two controllers, of which one leads, a rollout deletes and creates each pod once")

			e.SetFault(ctx, faults.Rule{Name: "pods-deleted", Match: deletes(e), Effect: faults.Count})
			ds = fleet.Update(ctx, e, name, fleet.Template("killed"))
			e.AwaitHits(ctx, e.Timeouts.Placement, "pods-deleted", 1, "the leader deletes the first pod of a rollout")
			e.KillFirst(ctx)
			lost := time.Now()
			e.LiftFault(ctx, "pods-deleted")
			atRest(ctx, e, ds)
			e.Measure("seconds from the leader's end to the end of the rollout, two windows of rest included", time.Since(lost).Round(100*time.Millisecond).Seconds())
			e.Check(fleet.Each(e, single(ds, e.Nodes)), "no node ever has two live pods of DaemonSet %s", name)
		},
	}
}

// eachOnce judges that of a rollout over n nodes as many pods were created, and
// as many deletions asked for, as there are nodes.
func eachOnce(asked []audit.Event, n int) error {
	created, deleted := 0, 0
	for _, a := range asked {
		switch {
		case a.Resource != pods:
		case a.Verb == "create":
			created++
		case a.Verb == "delete":
			deleted++
		}
	}
	if created != n || deleted != n {
		return fmt.Errorf("%d creations and %d deletions of pods were asked for, and there are %d nodes", created, deleted, n)
	}
	return nil
}

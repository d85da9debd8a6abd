package resilience

import (
	"context"
	"fmt"
	"time"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// staleLag is how far the watch of pods trails in a rollout: less than
// invariants.Lag, beyond which no rule blames a controller for what it did not know.
const staleLag = 5 * time.Second

func stalePods() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-009",
		Area:      framework.Resilience,
		Title:     "pods are not made twice by one who does not see them yet",
		Behaviour: "However late the watch of pods tells of them, the controller MUST NOT create more than one pod for a node, and the bounds of a rollout MUST hold.",
		Clauses:   []string{"pkg/controller ControllerExpectations: what was created is expected until it is seen", "KEP-5647"},
		Level:     framework.Extended,
		Why: "A watch lags whenever an API server is busy, and each look at a DaemonSet meanwhile finds nodes that seem to have no pod. " +
			"A controller that trusts what it sees makes another pod at each look: under load, when they hurt most. The spec holds the watch of pods back " +
			"after the pods were made, makes the controller look again and again, and then rolls out with a watch that trails by seconds.",
		Needs:  []framework.Ability{framework.InjectFaults},
		Nodes:  framework.NodeNeed{Workers: 2},
		Serial: true,
		Body: func(ctx context.Context, e *framework.Env) {
			n := len(e.Nodes)
			e.SetFault(ctx, faults.Rule{Name: "pods-frozen", Match: faults.Watch(pods), Effect: faults.Freeze})
			e.SetFault(ctx, faults.Rule{Name: "pods-created", Match: creates(e, pods), Effect: faults.Count})
			ds := e.CreateDaemonSet(ctx, e.DaemonSet(name))
			e.AwaitHits(ctx, e.Timeouts.RolloutOf(n), "pods-created", n, "the controller creates a pod for each node")
			for look := range 5 {
				fleet.Touch(ctx, e, name, fmt.Sprint(look))
			}
			fleet.CaughtUp(ctx, e, "witness")
			e.That(e.Hits(ctx, "pods-created") == n, fmt.Sprintf("%d pods are created for %d nodes", n, n), "%d were, while their watch stood still", e.Hits(ctx, "pods-created"))
			e.LiftFault(ctx, "pods-frozen")
			e.LiftFault(ctx, "pods-created")
			atRest(ctx, e, ds)

			e.SetFault(ctx, faults.Rule{Name: "pods-late", Match: faults.Watch(pods), Effect: faults.Delay, For: staleLag})
			ds = e.SetImage(ctx, name, "agent:v2")
			fleet.AwaitRollout(ctx, e, ds)
			e.LiftFault(ctx, "pods-late")
			atRest(ctx, e, ds)
			e.Check(fleet.Each(e, single(ds, e.Nodes)), "no node ever has two live pods of DaemonSet %s", name)
		},
	}
}

func staleSyncSkipped() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-010",
		Area:      framework.Resilience,
		Title:     "nothing is decided on a view older than one's own writes",
		Behaviour: "While the controller has not seen its own last write to a pod of a DaemonSet, it MUST NOT act on that DaemonSet: it writes no status for it and no revision, and deletes and creates no pod of it.",
		Clauses:   []string{"KEP-5647: StaleControllerConsistencyDaemonSet, on by default since 1.36", "pkg/controller/daemon syncDaemonSet: EnsureReady"},
		Level:     framework.Extended,
		Why: "Expectations only guard the creation and deletion of pods, and only for five minutes; a status computed from a view that lacks one's own pods is wrong all the same, " +
			"and users and tools act on it. The spec holds the watch of pods back after the first pods were made, and changes the template: " +
			"the new generation must not be observed before the watch goes on. (Upstream counts such skips in daemonset_controller_stale_sync_skips_total; what they leave undone shows for any controller.)",
		Needs:    []framework.Ability{framework.InjectFaults},
		Nodes:    framework.NodeNeed{Workers: 2},
		Versions: ">= 1.36.0-0",
		Serial:   true,
		Body: func(ctx context.Context, e *framework.Env) {
			n := len(e.Nodes)
			e.SetFault(ctx, faults.Rule{Name: "pods-frozen", Match: faults.Watch(pods), Effect: faults.Freeze})
			e.SetFault(ctx, faults.Rule{Name: "pods-created", Match: creates(e, pods), Effect: faults.Count})
			e.CreateDaemonSet(ctx, e.DaemonSet(name))
			e.AwaitHits(ctx, e.Timeouts.RolloutOf(n), "pods-created", n, "the controller creates a pod for each node")
			ds := fleet.Update(ctx, e, name, fleet.Template("stale"))
			// The witness shows that the controller is at work all the while.
			fleet.CaughtUp(ctx, e, "witness")
			e.Holds(ctx, unseen(ds.Generation), "generation %d of DaemonSet %s is not acted on while the pods made for an earlier one have not been seen", ds.Generation, name)
			e.LiftFault(ctx, "pods-frozen")
			atRest(ctx, e, ds)
		},
	}
}

// expectations is how long a controller waits for what it has created to be
// seen, before it trusts its view again, and some time to act on that.
const expectations = 5*time.Minute + 30*time.Second

func staleBeyondExpectations() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-011",
		Area:      framework.Resilience,
		Title:     "a view that is stale for more than five minutes",
		Behaviour: "Also when the watch of pods tells of them more than five minutes late, the controller MUST NOT create more than one pod for a node.",
		Clauses:   []string{"KEP-5647: StaleControllerConsistencyDaemonSet, on by default since 1.36", "pkg/controller ExpectationsTimeout"},
		Level:     framework.Extended,
		Why: "Expectations end after five minutes, lest a pod that never shows hold a DaemonSet up for good. Before 1.36 a controller then took the nodes for empty and made every pod again: " +
			"the worse the API server lagged, the more pods it was sent.",
		Needs:    []framework.Ability{framework.InjectFaults},
		Nodes:    framework.NodeNeed{Workers: 1},
		Versions: ">= 1.36.0-0",
		Serial:   true,
		Slow:     true,
		Limit:    killedLimit,
		Body: func(ctx context.Context, e *framework.Env) {
			e.SetFault(ctx, faults.Rule{Name: "pods-frozen", Match: faults.Watch(pods), Effect: faults.Freeze})
			ds := e.CreateDaemonSet(ctx, e.DaemonSet(name))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the node has its pod", hasOne(ds, e.Nodes[0]))
			e.StaysFor(ctx, expectations, "the node has its one pod", nil, hasOne(ds, e.Nodes[0]))
			fleet.Touch(ctx, e, name, "look again")
			fleet.CaughtUp(ctx, e, "witness")
			e.Holds(ctx, hasOne(ds, e.Nodes[0]), "the node has its one pod, also after the controller was made to look again")
			e.LiftFault(ctx, "pods-frozen")
			atRest(ctx, e, ds)
		},
	}
}

// unseen judges that the generation of the DaemonSet has left no trace.
func unseen(generation int64) func(*history.State) error {
	return func(s *history.State) error {
		ds := s.DaemonSet(name)
		switch {
		case ds == nil:
			return fmt.Errorf("DaemonSet %s is gone", name)
		case ds.Status.ObservedGeneration >= generation:
			return fmt.Errorf("observedGeneration is %d already", ds.Status.ObservedGeneration)
		case len(s.RevisionsOf(ds)) > 1:
			return fmt.Errorf("there are %d ControllerRevisions already", len(s.RevisionsOf(ds)))
		}
		return nil
	}
}

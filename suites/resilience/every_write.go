package resilience

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// killedLimit is for some forty ends and starts of the controller.
const killedLimit = 15 * time.Minute

// The faults by which the controller is cut off.
const (
	counted = "writes-counted"
	cut     = "write-cut"
	after   = "writes-after-it"
)

func killedMidRollout() framework.Spec {
	return killed(framework.Spec{
		ID:        "DS-RES-003",
		Title:     "an end after any write of a rollout",
		Behaviour: "A controller that ends after any one of the writes of a rolling update MUST finish the update once it runs again, and MUST NOT break maxUnavailable or maxSurge meanwhile.",
		Clauses:   []string{"pkg/controller/daemon/update.go rollingUpdate: what a rollout has come to is read from the API", "DaemonSet updateStrategy.rollingUpdate"},
		Why: "All that a rollout has come to stands in the API. A controller that keeps part of it in its memory (which nodes it has begun, what it still owes) " +
			"begins anew after a crash and takes further nodes down, or waits for ever for what it has forgotten. ",
	}, func(ctx context.Context, e *framework.Env) {
		for _, strategy := range []struct {
			set    string
			change fleet.Change
		}{{"unavailable", fleet.MaxUnavailable("1")}, {"surge", fleet.MaxSurge("1")}} {
			fleet.Deploy(ctx, e, e.DaemonSet(strategy.set, strategy.change))
			afterEveryWrite(ctx, e, func(run int) *appsv1.DaemonSet {
				return fleet.Update(ctx, e, strategy.set, fleet.Template(fmt.Sprint(run)))
			})
		}
	})
}

func killedMidCreation() framework.Spec {
	return killed(framework.Spec{
		ID:        "DS-RES-004",
		Title:     "an end after any write of a creation or a withdrawal",
		Behaviour: "A controller that ends after any one of the writes by which it gives nodes their pods, or takes them away, MUST leave exactly one pod on each node that is to have one, and none on the others, once it runs again.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: a copy of a Pod on each node", "kubernetes issue 54096"},
		Why: "A controller that ends right after a create has lost the answer and, at its start, may read the pods before that one shows. " +
			"Doubled agents fight for the node's ports and disks; a node that was counted as served and is not has no agent at all. ",
	}, func(ctx context.Context, e *framework.Env) {
		afterEveryWrite(ctx, e, func(run int) *appsv1.DaemonSet {
			return e.CreateDaemonSet(ctx, e.DaemonSet(fmt.Sprintf("created-%d", run)))
		})
		zone := e.Key("zone")
		e.LabelNode(ctx, e.Nodes[0], zone, "in")
		fleet.Deploy(ctx, e, e.DaemonSet("moved"))
		// One node loses its pod, and the next time gets it back.
		afterEveryWrite(ctx, e, func(run int) *appsv1.DaemonSet {
			return fleet.Update(ctx, e, "moved", func(ds *appsv1.DaemonSet) {
				if selector := ds.Spec.Template.Spec.NodeSelector; run%2 == 0 {
					selector[zone] = "in"
				} else {
					delete(selector, zone)
				}
			})
		})
	})
}

// killed is what the specs about the controller's end after a write have in common.
func killed(spec framework.Spec, body func(ctx context.Context, e *framework.Env)) framework.Spec {
	spec.Area, spec.Level, spec.Serial, spec.Slow = framework.Resilience, framework.Extended, true, true
	spec.Why += "The spec counts the controller's writes in one run, and in further runs ends it by SIGKILL after each of them in turn: the write was carried out, and its answer never arrived."
	spec.Needs = []framework.Ability{framework.InjectFaults, framework.KillController, framework.RestartController}
	spec.Nodes = framework.NodeNeed{Workers: 2}
	spec.Limit = killedLimit
	spec.Except = map[string]string{"one-pod-per-node": "a controller that has just started may not see yet what it made last; that no second pod is left is what the spec judges"}
	spec.Body = body
	return spec
}

// afterEveryWrite runs the scenario once to count the controller's writes, and
// then once for each of them, with the controller ended right after that one.
// begin starts the next run and gives the DaemonSet whose rollout ends it.
func afterEveryWrite(ctx context.Context, e *framework.Env, begin func(run int) *appsv1.DaemonSet) {
	e.SetFault(ctx, faults.Rule{Name: counted, Match: writes(e), Effect: faults.Count})
	atRest(ctx, e, begin(0))
	total := e.Hits(ctx, counted)
	e.LiftFault(ctx, counted)
	e.That(total > 0, "the controller's writes come by way of the proxy", "none of them did")
	cutOff := 0
	for k := 1; k <= total; k++ {
		if killAfter(ctx, e, k, begin) {
			cutOff++
		}
	}
	e.Measure("writes of one run, each followed by the controller's end", fmt.Sprintf("%d of %d", cutOff, total))
}

// killAfter runs the scenario and ends the controller after its k-th write; it
// starts the controller again and waits for the scenario's end. It tells whether
// there was a k-th write: not every run has equally many.
func killAfter(ctx context.Context, e *framework.Env, k int, begin func(run int) *appsv1.DaemonSet) bool {
	// The k-th is carried out and never answered. What the controller sends beside
	// it or after it never arrives: it would have ended before.
	e.SetFault(ctx, faults.Rule{Name: after, Match: writes(e), Effect: faults.Lose, After: k, Hold: true})
	e.SetFault(ctx, faults.Rule{Name: cut, Match: writes(e), Effect: faults.LoseAnswer, After: k - 1, Times: 1, Hold: true})
	ds := begin(k)
	hit := e.HitOr(ctx, e.Timeouts.RolloutOf(len(e.Nodes)), cut, 1,
		fmt.Sprintf("the controller makes write %d of the scenario, or is done without it", k), fleet.RolledOut(ds))
	if hit {
		e.KillController(ctx)
	}
	e.LiftFault(ctx, cut)
	e.LiftFault(ctx, after)
	if hit {
		e.StartController(ctx)
	}
	atRest(ctx, e, ds)
	return hit
}

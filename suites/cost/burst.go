package cost

import (
	"context"
	"fmt"
	"time"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

const (
	// mostAtOnce is how many pods may be created, or deleted, before the
	// controller has seen any of it.
	mostAtOnce = 250
	// burstNodes are more than that.
	burstNodes = 300
)

func burst() framework.Spec {
	return framework.Spec{
		ID: "DS-CST-004", Area: framework.Cost, Title: "creates and deletes come in bursts of a size", Level: framework.Extended, Slow: true, Serial: true,
		Behaviour: "The controller MUST NOT create more than 250 pods of a DaemonSet, nor delete more than 250, before it has seen the last ones come or go, and MUST go on once it has.",
		Clauses:   []string{"pkg/controller/daemon BurstReplicas", sourceSync},
		Why: "A DaemonSet for thousands of nodes is made, or withdrawn, by one request. A controller that answers it by thousands leaves the API server no time for anybody else, and cannot be stopped halfway. " +
			"The watch of pods stands still here, with 300 nodes that want one: what comes all the same is one burst.",
		Needs: []framework.Ability{framework.InjectFaults, framework.SimulatedKubelet},
		Nodes: framework.NodeNeed{Topology: true},
		Limit: crowdLimit, Unsettled: "its pods are never bound",
		Body: func(ctx context.Context, e *framework.Env) {
			nodes := crowd(ctx, e, burstNodes)
			freeze := func(verb string) {
				e.SetFault(ctx, faults.Rule{Name: "frozen", Match: faults.Watch("pods"), Effect: faults.Freeze})
				e.SetFault(ctx, faults.Rule{Name: verb, Match: faults.Match{Verbs: []string{verb}, Resources: []string{"pods"}, Namespace: e.Namespace}, Effect: faults.Count})
			}
			oneBurst := func(verb, witness string) {
				e.AwaitHits(ctx, e.Timeouts.Placement, verb, 1, "the controller begins to "+verb+" pods")
				for look := range 3 {
					fleet.Touch(ctx, e, name, verb+fmt.Sprint(look))
				}
				fleet.CaughtUp(ctx, e, witness)
				n := e.Hits(ctx, verb)
				e.Measure("pods the controller would "+verb+" in one burst", n)
				e.That(n <= mostAtOnce, fmt.Sprintf("a burst is of %d pods at most", mostAtOnce), "%d were asked for while none of it was seen: %s", n, verb)
				e.LiftFault(ctx, "frozen")
				e.LiftFault(ctx, verb)
			}
			freeze("create")
			ds := e.CreateDaemonSet(ctx, e.DaemonSet(name, ofCrowd(e)))
			oneBurst("create", "witness")
			e.BecomesFor(ctx, name, crowdTime, "every node has its pod once the watch goes on", reached(ds, burstNodes))
			e.Holds(ctx, site.Pods(ds, nodes...), "each node has one pod")

			fleet.CaughtUp(ctx, e, "second-witness")
			freeze("delete")
			none := fleet.Update(ctx, e, name, fleet.Nowhere(e))
			oneBurst("delete", "third-witness")
			e.BecomesFor(ctx, name, crowdTime, "all pods are gone once the watch goes on", fleet.Every(fleet.Observed(none), func(s *history.State) error {
				if left := len(s.PodsOf(none)); left > 0 {
					return fmt.Errorf("%d are left", left)
				}
				return nil
			}))
		},
	}
}

const (
	// thousand is a large cluster.
	thousand = 1000
	// crowdTime is how long a controller may take for a crowd, with clients that
	// are allowed to ask as fast as they can.
	crowdTime = 2 * time.Minute
)

func thousandNodes() framework.Spec {
	return framework.Spec{
		ID: "DS-CST-010", Area: framework.Cost, Title: "a thousand nodes", Level: framework.Extended, Slow: true, Serial: true,
		Behaviour: "A DaemonSet for 1000 nodes MUST have its pod on each of them within two minutes, no node MUST have two at any instant, and as many MUST be created as there are nodes.",
		Clauses:   []string{sourceSync, "considerations for large clusters"},
		Why: "A controller that looks at all pods for each node, or at all nodes for each pod, is fast with ten of them and takes hours with a thousand. " +
			"The nodes are objects alone, and the pods stay unbound, so that nothing but the controller takes time.",
		Needs: []framework.Ability{framework.AddNode, framework.SimulatedKubelet, framework.ReadAudit},
		Nodes: framework.NodeNeed{Topology: true},
		Limit: crowdLimit, Unsettled: "its pods are never bound",
		Body: func(ctx context.Context, e *framework.Env) {
			nodes := crowd(ctx, e, thousand)
			since := time.Now()
			ds := e.CreateDaemonSet(ctx, e.DaemonSet(name, ofCrowd(e)))
			e.BecomesFor(ctx, name, crowdTime, fmt.Sprintf("the status counts a pod for each of %d nodes", thousand), reached(ds, thousand))
			e.Measure(fmt.Sprintf("time for %d nodes", thousand), time.Since(since).Round(time.Millisecond))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "each node has exactly one pod", site.Pods(ds, nodes...))
			e.Stays(ctx, "the controller is at rest", nil, fleet.Every())
			e.Check(bill{
				"create pods": exactly(thousand), "create controllerrevisions": exactly(1), statusUpdate: {1, thousand},
			}.check(e.Asked(ctx, since)), "%d nodes cost that many creates, and no other request about pods", thousand)
		},
	}
}

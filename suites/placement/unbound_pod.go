package placement

import (
	"context"
	"time"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func unboundPodLosesItsNode() framework.Spec {
	return framework.Spec{
		ID: "DS-CHG-008", Area: framework.Placement, Title: "a node changes while its pod is unbound", Level: framework.Deviation,
		Behaviour: "A pod that is not bound yet when its node stops matching SHOULD promptly be deleted, and MUST be once the DaemonSet is looked at for any reason.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Updating a DaemonSet: delete Pods from newly not-matching nodes", "pkg/controller/daemon syncNodeUpdate: pods are looked up by spec.nodeName"},
		Why: "The pod waits for a scheduler, or for room. Since 1.33 the change of the node makes released Kubernetes look only at pods that are bound to it, so that the waiting one stays, " +
			"and starts where it should not as soon as it can. Measured; only --strict fails the first half. A controller that never looks at unbound pods leaves it for ever.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			for _, node := range e.Nodes {
				e.LabelNode(ctx, node, e.Key("on"), "true")
			}
			ds := placed(ctx, e, e.DaemonSet("waiting", unscheduled, fleet.NodeSelector(e.Key("on"), "true")), e.Nodes...)
			pods := fleet.Take(e, ds.Name)
			fleet.CaughtUp(ctx, e, "witness")
			e.UnlabelNode(ctx, e.Nodes[0], e.Key("on"))
			since := time.Now()
			prompt := 2 * e.Timeouts.Quiet
			limit, cancel := context.WithTimeout(ctx, prompt)
			defer cancel()
			if err := e.History.Await(limit, site.Gone(pods.Pods[e.Nodes[0]])); err != nil {
				e.Measure("time until an unbound pod follows its node's label", "more than "+prompt.String())
				e.That(!e.Strict(), "the unbound pod is deleted within "+prompt.String()+" and without another event", "%v", err)
			} else {
				e.Measure("time until an unbound pod follows its node's label", time.Since(since).Round(time.Millisecond).String())
			}
			fleet.Touch(ctx, e, ds.Name, "look again")
			evicted(ctx, e, ds, pods, e.Nodes[0], e.Nodes[1])
		},
	}
}

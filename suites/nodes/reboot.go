package nodes

import (
	"context"
	"time"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

func reboot() framework.Spec {
	return framework.Spec{
		ID: "DS-POD-015", Area: framework.NodeLife, Title: "a node reboots", Level: framework.Core, Slow: true,
		Behaviour: "A node that reboots MUST end with exactly one pod, and that pod MUST run, not have ended.",
		Clauses:   []string{"kubernetes#117018: pods Succeeded after a graceful shutdown must be replaced", "concepts/workloads/controllers/daemonset"},
		Why: "A machine that shuts down in order ends its pods, and some of them report Succeeded or Failed. The kubelet does not start a finished pod again: " +
			"a controller that takes it for a running one leaves the node without its agent after each reboot.",
		Needs: joining(framework.RebootNode),
		Nodes: framework.NodeNeed{Topology: true},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.CreateDaemonSet(ctx, daemon(e, "daemon"))
			node := site.Join(ctx, e)
			running(ctx, e, ds, node)
			down := time.Now()
			e.RebootNode(ctx, node)
			e.BecomesFor(ctx, ds.Name, e.Timeouts.NodeAction+e.Timeouts.RolloutOf(1), "the node is back, and its one pod was started after the reboot", func(s *history.State) error {
				if err := framework.NodeReady(s, node); err != nil {
					return err
				}
				if err := site.Running(ds, node)(s); err != nil {
					return err
				}
				return startedAfter(site.One(s, ds, node), down)
			})
			// A kubelet may come to say only now that the shutdown has ended a pod.
			ended := site.One(e.History.State(), ds, node)
			unbound.Fail(ctx, e, ended, "Terminated")
			e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(1), "the pod that has ended is replaced", fleet.Every(site.Gone(ended), site.Running(ds, node)))
		},
	}
}

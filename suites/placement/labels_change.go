package placement

import (
	"context"
	"fmt"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func labelAdded() framework.Spec {
	return framework.Spec{
		ID: "DS-CHG-001", Area: framework.Placement, Title: "a node gets the label", Level: framework.Core, Smoke: true,
		Behaviour: "A node that gets a label by which it matches MUST get its pod, without any other trigger.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Updating a DaemonSet: if node labels are changed, the DaemonSet will promptly add Pods to newly matching nodes"},
		Why:       "Labels are how an operator turns a daemon on for a node. A controller that reads nodes only when they join, or when the DaemonSet changes, never notices.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := running(ctx, e, e.DaemonSet("labelled", fleet.NodeSelector(e.Key("on"), "true")))
			e.LabelNode(ctx, e.Nodes[0], e.Key("on"), "true")
			becomesRunning(ctx, e, ds, e.Nodes[0])
			first := site.One(e.History.State(), ds, e.Nodes[0])
			e.LabelNode(ctx, e.Nodes[1], e.Key("on"), "true")
			becomesRunning(ctx, e, ds, e.Nodes...)
			e.Holds(ctx, site.Same(first), "the pod on the first node is left alone")
		},
	}
}

func labelLost() framework.Spec {
	return framework.Spec{
		ID: "DS-CHG-002", Area: framework.Placement, Title: "a node loses the label", Level: framework.Core,
		Behaviour: "A node that no longer matches, its label removed or altered, MUST lose its pod, and get no other.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Updating a DaemonSet: delete Pods from newly not-matching nodes"},
		Why: "Node affinity is 'ignored during execution' by schedulers and kubelets; a DaemonSet is where it is not. " +
			"A controller that only ever adds leaves daemons behind on every node that was ever labelled.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			for _, node := range e.Nodes {
				e.LabelNode(ctx, node, e.Key("on"), "true")
			}
			ds := running(ctx, e, e.DaemonSet("labelled", fleet.NodeSelector(e.Key("on"), "true")), e.Nodes...)
			pods := fleet.Take(e, ds.Name)
			e.UnlabelNode(ctx, e.Nodes[0], e.Key("on"))
			evicted(ctx, e, ds, pods, e.Nodes[0], e.Nodes[1])
			e.LabelNode(ctx, e.Nodes[1], e.Key("on"), "false")
			evicted(ctx, e, ds, pods, e.Nodes[1])
		},
	}
}

func labelFlaps() framework.Spec {
	return framework.Spec{
		ID: "DS-CHG-012", Area: framework.Placement, Title: "a label flaps", Level: framework.Core,
		Behaviour: "However fast a label comes and goes, the pods MUST end where the last state wants them, and at no instant MUST two unfinished pods be for one node.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Updating a DaemonSet"},
		Why: "Twenty changes come faster than a pod starts. A controller that counts changes instead of comparing states ends with a pod too many or too few; " +
			"one that acts on a stale picture of its own work makes two.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := running(ctx, e, e.DaemonSet("labelled", fleet.NodeSelector(e.Key("on"), "true")))
			flap := func(times int) {
				for range times {
					e.LabelNode(ctx, e.Nodes[0], e.Key("on"), "true")
					e.UnlabelNode(ctx, e.Nodes[0], e.Key("on"))
				}
			}
			flap(10)
			e.LabelNode(ctx, e.Nodes[0], e.Key("on"), "true")
			becomesRunning(ctx, e, ds, e.Nodes[0])
			flap(10)
			becomes(ctx, e, ds)
			e.Check(fleet.Each(e, func(s *history.State, _ history.Entry) error {
				if s.DaemonSet(ds.Name) == nil {
					return nil
				}
				return oneAtATime(s, ds.Name)
			}), "at every instant there is at most one unfinished pod for the node")
		},
	}
}

func nodeNoise() framework.Spec {
	return framework.Spec{
		ID: "DS-CHG-009", Area: framework.Placement, Title: "node updates that change nothing", Level: framework.Core,
		Behaviour: "Node updates that touch neither labels nor taints MUST NOT cause the controller to write anything.",
		Clauses:   []string{"pkg/controller/daemon shouldIgnoreNodeUpdate", "concepts/architecture/nodes, Heartbeats"},
		Why:       "Every node updates itself every few seconds. A controller that answers each update with a write multiplies the cluster's load by the number of its DaemonSets.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Slow:      true,
		Body: func(ctx context.Context, e *framework.Env) {
			ds := fleet.AwaitRollout(ctx, e, e.CreateDaemonSet(ctx, e.DaemonSet("daemon")))
			e.Stays(ctx, "the DaemonSet is at rest", nil, ds.Alone())
			rest := e.History.State().Clone()
			seen := len(e.History.Entries())
			for i := range 5 {
				for _, node := range e.Nodes {
					site.Annotate(ctx, e, node, e.Key(fmt.Sprintf("noise-%d", i)), "true")
				}
			}
			site.Await(ctx, e, e.Timeouts.Placement, "all updates are in the event log", func(*history.State) error { return nodeUpdates(e.History.Entries()[seen:], 5*len(e.Nodes)) })
			e.Stays(ctx, "DaemonSet, revision and pods are what they were before the updates", nil, site.Unwritten(rest, ds.Name))
		},
	}
}

// nodeUpdates judges that at least so many updates of nodes are among the entries.
func nodeUpdates(entries []history.Entry, want int) error {
	n := 0
	for _, en := range entries {
		if en.Kind == history.KindNode && en.Change == history.Modified {
			n++
		}
	}
	if n < want {
		return fmt.Errorf("%d of %d updates are in the event log", n, want)
	}
	return nil
}

package placement

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func everyEligibleNode() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-001", Area: framework.Placement, Title: "one pod on every eligible node", Level: framework.Core, Smoke: true,
		Behaviour: "A DaemonSet without node constraints MUST have exactly one pod on every node whose NoSchedule and NoExecute taints it tolerates, and none elsewhere.",
		Clauses: []string{
			"concepts/workloads/controllers/daemonset: a DaemonSet ensures that all (or some) Nodes run a copy of a Pod",
			"DaemonSetStatus.desiredNumberScheduled",
		},
		Why: "This is what a DaemonSet is for: nodes are counted by the suite itself, from their taints. " +
			"A broken controller skips a node, runs two pods on one, or runs one where a taint forbids it.",
		Nodes: framework.NodeNeed{All: true},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("plain"))
			nodes := oracle.Eligible(ds, e.History.State().Nodes())
			e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(len(nodes)), sentence(ds.Name, nodes)+", and the rollout is complete by every field of the status",
				fleet.Every(site.Running(ds, nodes...), fleet.RolledOut(ds)))
			// The oracle is not alone: a node without taints is eligible whoever reads the rules.
			e.Check(untaintedAmong(e.History.State(), nodes), "every node without a taint is among those with a pod")
		},
	}
}

// untaintedAmong judges that there are untainted nodes and that all are in the list.
func untaintedAmong(s *history.State, nodes []string) error {
	seen := false
	for _, n := range s.Nodes() {
		if slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule }) {
			continue
		}
		seen = true
		if !slices.Contains(nodes, n.Name) {
			return fmt.Errorf("node %s has no taint and no pod", n.Name)
		}
	}
	if !seen {
		return fmt.Errorf("none of the %d nodes is free of taints", len(s.Nodes()))
	}
	return nil
}

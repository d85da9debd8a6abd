package podlife

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// statusAddsUp drives a DaemonSet through what moves its numbers, and looks at
// every status that was ever written.
func statusAddsUp() framework.Spec {
	return framework.Spec{
		ID: "DS-STA-007", Area: framework.PodLife, Title: "every status adds up", Level: framework.Core,
		Behaviour: "In every status that is ever written, numbers MUST NOT be negative, available MUST NOT exceed ready, nor ready or updated current, nor current desired, and unavailable MUST be desired less available.",
		Clauses:   []string{"DaemonSet.status", "pkg/controller/daemon updateDaemonSetStatus"},
		Covers:    []string{"DS-STA-006"},
		Why: "Whoever computes with these numbers, as autoscalers, dashboards and kubectl do, computes with each that is written. A controller that takes them from different moments shows an impossible state for an instant, " +
			"and somebody acts on it. Labels come and go here, pods are deleted, fail, falter and are rolled.",
		Nodes: framework.NodeNeed{Workers: 3},
		Body: func(ctx context.Context, e *framework.Env) {
			key := e.Key("daemon")
			for _, node := range e.Nodes {
				e.LabelNode(ctx, node, key, "yes")
			}
			pods := fleet.Deploy(ctx, e, e.DaemonSet("agent", fleet.Gated, fleet.MaxUnavailable("2"), fleet.NodeSelector(key, "yes")))
			fleet.Shut(ctx, e, pods.Pods[e.Nodes[0]])
			e.DeletePod(ctx, pods.Pods[e.Nodes[1]], metav1.DeleteOptions{})
			e.UnlabelNode(ctx, e.Nodes[2], key)
			e.BecomesFor(ctx, "agent", e.Timeouts.Rollout, "one pod of two is new, and none is ready", fleet.Counts(e.History.State().DaemonSet("agent"), map[string]int32{
				"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 0, "numberMisscheduled": 0, "numberUnavailable": 2,
			}))
			e.LabelNode(ctx, e.Nodes[2], key, "yes")
			surging := fleet.Update(ctx, e, "agent", fleet.Image(e, "agent:v2"), fleet.MaxSurge("100%"), fleet.Ungated)
			fleet.AwaitRollout(ctx, e, surging)
			rolled := fleet.Update(ctx, e, "agent", fleet.Image(e, "agent:v1"), fleet.MaxUnavailable("1"))
			fleet.AwaitRollout(ctx, e, rolled)
			e.Check(fleet.Each(e, addsUp), "every status of DaemonSet agent adds up")
		},
	}
}

// addsUp judges an entry of the log: the status of a DaemonSet.
func addsUp(_ *history.State, en history.Entry) error {
	ds, ok := en.Object.(*appsv1.DaemonSet)
	if !ok {
		return nil
	}
	s := ds.Status
	chain := []int32{0, s.NumberAvailable, s.NumberReady, s.CurrentNumberScheduled, s.DesiredNumberScheduled}
	for i := 1; i < len(chain); i++ {
		if chain[i-1] > chain[i] {
			return fmt.Errorf("available %d, ready %d, current %d, desired %d do not rise in this order from 0", chain[1], chain[2], chain[3], chain[4])
		}
	}
	switch {
	case s.UpdatedNumberScheduled < 0 || s.UpdatedNumberScheduled > s.CurrentNumberScheduled:
		return fmt.Errorf("updated is %d and current %d", s.UpdatedNumberScheduled, s.CurrentNumberScheduled)
	case s.NumberMisscheduled < 0:
		return fmt.Errorf("misscheduled is %d", s.NumberMisscheduled)
	case s.NumberUnavailable != s.DesiredNumberScheduled-s.NumberAvailable:
		return fmt.Errorf("unavailable is %d, desired %d, available %d", s.NumberUnavailable, s.DesiredNumberScheduled, s.NumberAvailable)
	}
	return nil
}

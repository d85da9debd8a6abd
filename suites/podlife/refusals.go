package podlife

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// refusalReplaced: kubernetes#100467, pods that a restarted kubelet had rejected
// stayed where they were.
func refusalReplaced() framework.Spec {
	return framework.Spec{
		ID: "DS-POD-011", Area: framework.PodLife, Title: "an evicted or rejected pod is replaced", Level: framework.Core,
		Behaviour: "A pod that a kubelet has evicted or rejected, whatever its reason, MUST be deleted and replaced as any Failed pod, with a Warning event FailedDaemonPod on its DaemonSet.",
		Clauses:   []string{"concepts/scheduling-eviction/node-pressure-eviction", "kubernetes#100467, #36482", "pkg/controller/daemon podsShouldBeOnNode"},
		Why: "A kubelet never tries a pod again that it has evicted or rejected. A controller that knows some of the reasons as the kubelet's own business, or takes an evicted pod for one that somebody else moves, " +
			"leaves the node without its daemon for good. Each reason has a DaemonSet of its own, so that each failure is a first one.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			var all []func(*history.State) error
			for _, reason := range []string{"Evicted", "OutOfcpu", "OutOfpods", "NodeAffinity", "NodePorts", "Taint", "Terminated", "UnexpectedAdmissionError"} {
				ds := e.CreateDaemonSet(ctx, e.DaemonSet(strings.ToLower(reason), unbound.Scheduler))
				pod := unbound.Await(ctx, e, ds, e.Nodes[0])
				unbound.Fail(ctx, e, pod, reason)
				all = append(all, successor(ds.Name, e.Nodes[0], reason, pod))
			}
			e.Becomes(ctx, e.Timeouts.Placement, "every Failed pod is gone, its node has another one, and an event tells so", fleet.Every(all...))
		},
	}
}

// successor judges that the pod, Failed by the reason, is gone, that another one
// is for its node, and that the DaemonSet has an event FailedDaemonPod.
func successor(daemonSet, node, reason string, old *corev1.Pod) func(*history.State) error {
	return func(s *history.State) error {
		if err := gone(s, old.UID); err != nil {
			return fmt.Errorf("reason %s: %w", reason, err)
		}
		if live := fleet.On(s, s.DaemonSet(daemonSet), node); len(live) != 1 {
			return fmt.Errorf("reason %s: node %s has %d live pods of DaemonSet %s", reason, node, len(live), daemonSet)
		}
		if untold := told(s, daemonSet, deed{corev1.EventTypeWarning, "FailedDaemonPod", old.Name}); untold != nil {
			return fmt.Errorf("reason %s: %w", reason, untold)
		}
		return nil
	}
}

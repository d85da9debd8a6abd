package rollout

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// hostPort is used by no other spec.
const hostPort = 24713

func surgeHostPort() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUS-013",
		Area:      framework.RollingUpdate,
		Title:     "maxSurge with a host port stalls and breaks nothing",
		Behaviour: "With maxSurge and a hostPort the new pod cannot be scheduled beside the old one: the rollout MUST stand still and the old pods MUST stay available.",
		Clauses:   []string{fieldMaxSurge, "kubernetes issue 106417", sourceRolling},
		Level:     framework.Extended,
		Why: "The API accepts the combination though it cannot work, so it happens. A controller that gives the old pod up for one that is Pending " +
			"turns a stalled rollout into an outage. The way out is maxUnavailable instead of maxSurge, which must then roll.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxSurge("1"), func(ds *appsv1.DaemonSet) {
				ds.Spec.Template.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: hostPort, HostPort: hostPort}}
			}))
			ds := e.SetImage(ctx, name, "agent:v2")
			stalled := fleet.Every(old.Progress(ds, 0, 1), unschedulable(old),
				fleet.Counts(ds, map[string]int32{"numberAvailable": 1, "numberUnavailable": 0, "updatedNumberScheduled": 0}))
			e.BecomesFor(ctx, name, e.Timeouts.RolloutOf(1), "the new pod is refused by the scheduler for the port, and the old one is available", stalled)
			e.StaysFor(ctx, 2*e.Timeouts.Quiet, "the rollout stands still and the old pod is available", fleet.Work(e.Namespace), stalled)

			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.MaxUnavailable("1")))
		},
	}
}

// unschedulable judges that the scheduler has refused the pods that are not the fleet's.
func unschedulable(old *fleet.Fleet) func(*history.State) error {
	return func(s *history.State) error {
		for _, pod := range old.Fresh(s) {
			refused := false
			for _, c := range pod.Status.Conditions {
				refused = refused || c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable
			}
			if !refused || pod.Spec.NodeName != "" {
				return fmt.Errorf("pod %s is not marked unschedulable (node %q)", pod.Name, pod.Spec.NodeName)
			}
		}
		return nil
	}
}

package rollout

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// portHandedOver is used by no other spec.
const portHandedOver = 24741

func hostPortHandedOver() framework.Spec {
	return framework.Spec{
		ID:        "DS-HST-004",
		Area:      framework.RollingUpdate,
		Title:     "a host port is handed over",
		Behaviour: "Without maxSurge a rollout of pods with a hostPort MUST end: on each node the old pod MUST be gone before the new one is bound.",
		Clauses:   []string{"API: ContainerPort.hostPort", fieldMaxDown, sourceManage, "kubernetes#51279: wait for the termination of a pod before its replacement"},
		Level:     framework.Core,
		Why: "Only one pod can have the port. A controller that makes the new pod while the old one still terminates leaves it refused by the scheduler, or by the kubelet for good, " +
			"and the node without its agent. Old pods take two seconds to end here, so that the order shows.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("1"), fleet.Lingering(2), func(ds *appsv1.DaemonSet) {
				ds.Spec.Template.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: portHandedOver, HostPort: portHandedOver}}
			}))
			updated := fleet.AwaitRollout(ctx, e, e.SetImage(ctx, name, "agent:v2"))
			e.That(updated.Hash != old.Hash, "the pods are of another revision than before", "both are of %s", old.Hash)
			e.BecomesFor(ctx, name, e.Timeouts.PodReady, "the old pods are gone", old.Gone)
			e.Check(fleet.Each(e, boundAlone(old.Nodes())), "never were two pods of DaemonSet %s bound to one node", name)
		},
	}
}

// boundAlone judges an entry of the log: no two pods that have not ended are
// bound to one of the nodes.
func boundAlone(nodes []string) func(*history.State, history.Entry) error {
	return func(s *history.State, _ history.Entry) error {
		for _, node := range nodes {
			var there []string
			for _, pod := range s.Pods() {
				if pod.Spec.NodeName == node && !oracle.Terminal(pod) {
					there = append(there, pod.Name)
				}
			}
			if len(there) > 1 {
				return fmt.Errorf("pods %v are bound to node %s", there, node)
			}
		}
		return nil
	}
}

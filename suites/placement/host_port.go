package placement

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// hostPort is used by no other spec.
const hostPort = 24731

func hostPortTaken() framework.Spec {
	return framework.Spec{
		ID: "DS-HST-003", Area: framework.Placement, Title: "a host port that is taken", Level: framework.Core,
		Behaviour: "Where another DaemonSet's pod has the hostPort, the pod MUST be made and stay Pending with an event FailedScheduling that names the ports; the other DaemonSet's pod MUST be left alone, and nodes where the port is free MUST run theirs.",
		Clauses:   []string{"API: ContainerPort.hostPort", "concepts/configuration/overview: hostPort limits the number of places the Pod can be scheduled", "KEP-548: the scheduler, not the controller, judges ports"},
		Why: "Two agents that want the same port are a mistake that must be seen, on the pod that came late. A controller that judges ports by itself hides it, by making no pod; " +
			"one that deletes what does not fit makes the pod again and again.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			shared, free := e.Nodes[0], e.Nodes[1]
			e.LabelNode(ctx, shared, e.Key("first"), "true")
			first := running(ctx, e, e.DaemonSet("first", onHostPort, fleet.NodeSelector(e.Key("first"), "true")), shared)
			early := fleet.Take(e, first.Name)

			second := placed(ctx, e, e.DaemonSet("second", onHostPort), e.Nodes...)
			late := fleet.Take(e, second.Name)
			blocked := &fleet.Fleet{Name: second.Name, Pods: map[string]*corev1.Pod{shared: late.Pods[shared]}}
			e.BecomesFor(ctx, second.Name, e.Timeouts.RolloutOf(2), "the pod beside the one with the port is unschedulable and told of, and the other one is bound", func(s *history.State) error {
				if err := unschedulable(blocked)(s); err != nil {
					return err
				}
				if err := noFreePorts(s, late.Pods[shared]); err != nil {
					return err
				}
				return boundTo(s, late.Pods[free], free)
			})
			fleet.Touch(ctx, e, second.Name, "look again")
			e.Stays(ctx, "all three pods stay, and the one without the port Pending", fleet.Work(e.Namespace),
				fleet.Every(early.Alone(), late.Alone(), unschedulable(blocked), site.Running(first, shared), site.Exactly(second, e.Nodes...)))
		},
	}
}

// onHostPort gives the container the port on its node.
func onHostPort(ds *appsv1.DaemonSet) {
	ds.Spec.Template.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: hostPort, HostPort: hostPort}}
}

// noFreePorts judges that an event on the pod tells that no node has the port free.
func noFreePorts(s *history.State, pod *corev1.Pod) error {
	const ports = "ports"
	var said []string
	for _, ev := range s.EventsFor("Pod", pod.Name) {
		if ev.Reason == "FailedScheduling" && strings.Contains(ev.Message, ports) {
			return nil
		}
		said = append(said, ev.Reason+": "+ev.Message)
	}
	return fmt.Errorf("no event FailedScheduling on pod %s has the word %q; there are %q", pod.Name, ports, said)
}

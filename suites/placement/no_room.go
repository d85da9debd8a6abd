package placement

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func noRoom() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-013", Area: framework.Placement, Title: "a node without room", Level: framework.Core,
		Behaviour: "A node that lacks the resources for the pod MUST still get it, Pending and unschedulable, and count as desired and current; the pod MUST NOT be deleted for it.",
		Clauses:   []string{"KEP-548: the scheduler, not the controller, judges resources", "DaemonSetStatus.currentNumberScheduled"},
		Covers:    []string{"DS-PLC-014"},
		Why: "The Pending pod is how a user, an autoscaler and preemption learn that room is wanted. A controller that checks resources leaves the node without pod or " +
			"deletes and creates it in turns; the touch makes it look again at what it has done.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := placed(ctx, e, e.DaemonSet("huge", requesting("100000", "1Mi")), e.Nodes...)
			pods := fleet.Take(e, ds.Name)
			site.Await(ctx, e, e.Timeouts.Placement, "the scheduler has said that the pods do not fit", unschedulable(pods))
			fleet.Touch(ctx, e, ds.Name, "look again")
			e.Stays(ctx, "the same pods stay Pending on each node", nil, fleet.Every(pods.Alone(), unschedulable(pods), site.Exactly(ds, e.Nodes...)))
		},
	}
}

// requesting sets the first container's requests.
func requesting(cpu, memory string) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Containers[0].Resources.Requests = corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory),
		}
	}
}

// unschedulable judges that a scheduler has found no room for any of the pods.
func unschedulable(pods *fleet.Fleet) site.Condition {
	return func(s *history.State) error {
		for _, was := range pods.All() {
			pod := s.Pod(was.Name)
			if pod == nil {
				return fmt.Errorf("pod %s is gone", was.Name)
			}
			if pod.Status.Phase != corev1.PodPending || !saysUnschedulable(pod) {
				return fmt.Errorf("pod %s is in phase %s, its conditions are %v", pod.Name, pod.Status.Phase, pod.Status.Conditions)
			}
		}
		return nil
	}
}

func saysUnschedulable(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled {
			return c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable
		}
	}
	return false
}

func antiAffinityIsTheSchedulers() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-021", Area: framework.Placement, Title: "pod anti-affinity", Level: framework.Core,
		Behaviour: "Pod affinity and anti-affinity of the template MUST reach the pods unchanged and MUST NOT change which nodes get one.",
		Clauses:   []string{"PodAffinityTerm", "KEP-548: inter-pod affinity is the scheduler's"},
		Why: "A pod that repels the daemon stands on the first node. Its daemon pod stays Pending there and runs on the second node: " +
			"a controller that judges the term leaves the first node out of desired, one that drops it lets the pod run beside the other.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			// A DaemonSet of one node is the pod that repels: it is bound before the other is created.
			repels := fleet.NodeSelector(e.Key("repels"), "true")
			e.LabelNode(ctx, e.Nodes[0], e.Key("repels"), "true")
			running(ctx, e, e.DaemonSet("blocker", repels), e.Nodes[0])
			ds := placed(ctx, e, e.DaemonSet("shy", avoiding("blocker")), e.Nodes...)
			pods := fleet.Take(e, ds.Name)
			e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(1), "the pod beside the one that repels it is unschedulable, and the other one runs", func(s *history.State) error {
				beside := &fleet.Fleet{Name: ds.Name, Pods: map[string]*corev1.Pod{e.Nodes[0]: pods.Pods[e.Nodes[0]]}}
				if err := unschedulable(beside)(s); err != nil {
					return err
				}
				return boundTo(s, pods.Pods[e.Nodes[1]], e.Nodes[1])
			})
			e.Stays(ctx, "both pods stay, and the status counts both", fleet.Work(e.Namespace), fleet.Every(pods.Alone(), site.Exactly(ds, e.Nodes...)))
		},
	}
}

// avoiding keeps the scheduler from binding a pod beside one of that app.
func avoiding(app string) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		term := corev1.PodAffinityTerm{TopologyKey: corev1.LabelHostname}
		term.LabelSelector = ds.Spec.Selector.DeepCopy()
		term.LabelSelector.MatchLabels = map[string]string{"app": app}
		ds.Spec.Template.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term},
		}}
	}
}

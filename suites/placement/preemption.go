package placement

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/policy"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func preemption() framework.Spec {
	return framework.Spec{
		ID: "DS-PRI-002", Area: framework.Placement, Title: "a daemon of higher priority preempts", Level: framework.Core,
		Behaviour: "A pod whose priority class is higher than that of the pods that fill its node MUST get its place by preemption there, and MUST NOT cost a pod on any other node.",
		Clauses: []string{"concepts/workloads/controllers/daemonset, How Daemon Pods are scheduled: preempt pods with lower priority, by a higher priority class",
			"concepts/scheduling-eviction/pod-priority-preemption", "KEP-548"},
		Why: "This is how a node agent gets onto a node that is full of workloads. It rests on two things the controller writes: the template's priority class, " +
			"without which the pod waits for ever, and the node the pod is for, without which the scheduler evicts wherever it is cheapest. Two nodes are full here, and one is the DaemonSet's.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			own, other := e.Nodes[0], e.Nodes[1]
			low, high := class(e, "low", -10), class(e, "high", 1000)
			policy.Classes(ctx, e, low, high)
			site.OfferRoom(ctx, e, own)
			site.OfferRoom(ctx, e, other)
			lowly := func(p *corev1.Pod) { p.Spec.PriorityClassName = low.Name }
			victim, spared := site.Occupy(ctx, e, "victim", own, lowly), site.Occupy(ctx, e, "spared", other, lowly)
			e.LabelNode(ctx, own, e.Key("agent"), "true")

			ds := running(ctx, e, e.DaemonSet("important", site.AskForRoom(e), fleet.NodeSelector(e.Key("agent"), "true"), func(ds *appsv1.DaemonSet) {
				ds.Spec.Template.Spec.PriorityClassName = high.Name
			}), own)
			pod := site.One(e.History.State(), ds, own)
			e.That(pod.Spec.Priority != nil, "the pod has a priority", "it has none")
			e.That(*pod.Spec.Priority == high.Value, "the pod has the priority of its class", "it has %d", *pod.Spec.Priority)
			e.Check(preempted(e.History.Entries(), victim), "pod victim gave way to preemption")
			e.Check(nominated(e.History.Entries(), ds, own), "the scheduler nominated the pod for %s", own)
			e.Stays(ctx, "the pod on the other node is left alone", nil, fleet.Every(site.Same(spared), site.Running(ds, own)))
		},
	}
}

// class is a priority class of the spec's own.
func class(e *framework.Env, name string, priority int32) *schedulingv1.PriorityClass {
	lower := corev1.PreemptLowerPriority
	return &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace + "-" + name}, Value: priority, PreemptionPolicy: &lower}
}

// preempted judges that the pod was marked as the scheduler's victim before it went.
func preempted(entries []history.Entry, was *corev1.Pod) error {
	for _, en := range entries {
		pod, ok := en.Object.(*corev1.Pod)
		if !ok || pod.UID != was.UID {
			continue
		}
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue && c.Reason == corev1.PodReasonPreemptionByScheduler {
				return nil
			}
		}
	}
	return fmt.Errorf("pod %s never had a condition %s for the reason %s", was.Name, corev1.DisruptionTarget, corev1.PodReasonPreemptionByScheduler)
}

// nominated judges that pods of the DaemonSet were nominated for the node, and for no other.
func nominated(entries []history.Entry, ds *appsv1.DaemonSet, node string) error {
	err := errors.New("no pod was ever nominated for a node")
	for _, en := range entries {
		pod, ok := en.Object.(*corev1.Pod)
		if !ok || !metav1.IsControlledBy(pod, ds) || pod.Status.NominatedNodeName == "" {
			continue
		}
		if pod.Status.NominatedNodeName != node {
			return fmt.Errorf("pod %s was nominated for node %s", pod.Name, pod.Status.NominatedNodeName)
		}
		err = nil
	}
	return err
}

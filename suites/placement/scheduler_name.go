package placement

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func otherScheduler() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-010", Area: framework.Placement, Title: "another scheduler binds the pods", Level: framework.Core,
		Behaviour: "The template's schedulerName MUST reach the pods, and the pods MUST stay unbound until that scheduler binds them.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, How Daemon Pods are scheduled: .spec.template.spec.schedulerName"},
		Why: "The spec is the scheduler of that name. Nobody else may bind: a controller that drops the name leaves the pods to the default scheduler, " +
			"one that binds by itself needs no scheduler at all. Once bound by the spec, the same pods must become Ready.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := placed(ctx, e, e.DaemonSet("foreign", unscheduled), e.Nodes...)
			e.Stays(ctx, "the pods stay unbound and no other scheduler looks at them", nil, leftAlone(ds.Name))
			pods := fleet.Live(e.History.State(), ds)
			for _, pod := range pods {
				bind(ctx, e, pod)
			}
			becomesRunning(ctx, e, ds, e.Nodes...)
			for _, pod := range pods {
				e.Holds(ctx, site.Same(pod), "the pods that were bound are the pods that run")
			}
		},
	}
}

// leftAlone judges that the pods of the DaemonSet are unbound, of the template's
// scheduler, and that no scheduler has reported on them.
func leftAlone(name string) site.Condition {
	return func(s *history.State) error {
		ds := s.DaemonSet(name)
		for _, pod := range fleet.Live(s, ds) {
			switch want := ds.Spec.Template.Spec.SchedulerName; {
			case pod.Spec.SchedulerName != want:
				return fmt.Errorf("pod %s has schedulerName %q, the template %q", pod.Name, pod.Spec.SchedulerName, want)
			case pod.Spec.NodeName != "":
				return fmt.Errorf("pod %s was bound to %s by somebody else than the spec", pod.Name, pod.Spec.NodeName)
			}
			if events := s.EventsFor("Pod", pod.Name); len(events) > 0 {
				return fmt.Errorf("pod %s has an event %s: %s", pod.Name, events[0].Reason, events[0].Message)
			}
		}
		return nil
	}
}

// bind does what a scheduler does once it has chosen; here the affinity leaves one choice.
func bind(ctx context.Context, e *framework.Env, pod *corev1.Pod) {
	node := pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchFields[0].Values[0]
	e.Act("binds Pod to "+node, history.KindPod, pod)
	err := e.Client.CoreV1().Pods(pod.Namespace).Bind(ctx, &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Name: pod.Name, UID: pod.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: node},
	}, metav1.CreateOptions{})
	e.Must(err, "bind pod %s to node %s", pod.Name, node)
}

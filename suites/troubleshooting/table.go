package troubleshooting

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/site"
)

const table = "the guide: troubleshooting, common problems"

// selectorMatchesNoNode is the table's first row. It shows as zeros, not as an
// error: nobody asked for a pod anywhere.
func selectorMatchesNoNode() framework.Spec {
	return framework.Spec{
		ID: "DS-TRB-001", Area: framework.Troubleshooting, Title: "the selector matches no node", Level: framework.Core, Smoke: true,
		Behaviour: "A nodeSelector that matches no node MUST show as desired 0 without pods or failures, and correcting it MUST bring the pods.",
		Clauses:   []string{table, "DaemonSet.status.desiredNumberScheduled"},
		Covers:    []string{"DS-PLC-006", "DS-CHG-011"},
		Why:       "Zeros are the only sign there is; a controller that leaves the status unwritten shows the same as one that does not run.",
		Nodes:     framework.NodeNeed{All: true},
		Body: func(ctx context.Context, e *framework.Env) {
			t := provoke(ctx, e, "node-selector")
			t.shows(ctx, "the status is written, desired is 0 and there is no pod", func(s *history.State, ds *appsv1.DaemonSet) error {
				if n := ds.Status.DesiredNumberScheduled; n != 0 || len(s.Pods()) != 0 {
					return fmt.Errorf("desired is %d, and there are %d pods", n, len(s.Pods()))
				}
				return nil
			})
			says(e, e.Kubectl.Run(ctx, "describe", "ds", t.name), "Node-Selector:", "has-this-label", "Desired Number of Nodes Scheduled: 0")
			t.heal(ctx)
		},
	}
}

// taintKeepsPodsAway is the second row. The guide says that the pods fail on
// such nodes; in truth none is made there.
func taintKeepsPodsAway() framework.Spec {
	return framework.Spec{
		ID: "DS-TRB-002", Area: framework.Troubleshooting, Title: "a taint keeps the pods away", Level: framework.Core,
		Behaviour: "An untolerated NoSchedule taint MUST show as a node without a pod that desired does not count, and a toleration MUST bring the pod.",
		Clauses:   []string{table, "concepts/scheduling-eviction/taint-and-toleration"},
		Covers:    []string{"DS-PLC-017", "DS-CHG-011"},
		Why:       "The controller leaves the node out, so that there is no failing pod to look at; the taint on the node is the sign.",
		Nodes:     framework.NodeNeed{Workers: 1, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			e.TaintNode(ctx, e.Nodes[0], corev1.Taint{Key: "maintenance", Value: "true", Effect: corev1.TaintEffectNoSchedule})
			site.Known(ctx, e, e.Nodes[0])
			t := provoke(ctx, e, "taint")
			t.shows(ctx, "the tainted node has no pod and is not counted", func(s *history.State, ds *appsv1.DaemonSet) error {
				if n := ds.Status.DesiredNumberScheduled; n != 0 || len(s.Pods()) != 0 {
					return fmt.Errorf("desired is %d, and there are %d pods", n, len(s.Pods()))
				}
				return nil
			})
			says(e, e.Kubectl.Run(ctx, "describe", "node", e.Nodes[0]), "maintenance=true:NoSchedule")
			t.heal(ctx)
		},
	}
}

// hostResourcesRefused is the third row, in both its forms: the process may not
// read what is mounted, and what is to be mounted is not there.
func hostResourcesRefused() framework.Spec {
	return framework.Spec{
		ID: "DS-TRB-003", Area: framework.Troubleshooting, Title: "host resources are refused", Level: framework.Core,
		Behaviour: "Missing rights MUST show in the container's state and log, and a wrong hostPath type in a FailedMount event, while the controller keeps the pod; the remedy MUST heal both.",
		Clauses:   []string{table, "concepts/storage/volumes: hostPath", "tasks/configure-pod-container/security-context"},
		Covers:    []string{"DS-POD-010", "DS-HST-005"},
		Why:       "The fault is in the pod and so are its signs; a controller that replaces the pod takes log and events away before anyone has read them.",
		Needs:     []framework.Ability{framework.RealKubelet},
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			t := provoke(ctx, e, "permission")
			t.shows(ctx, "the container ends with an error, its pod stays and counts as unavailable", func(s *history.State, ds *appsv1.DaemonSet) error {
				for _, p := range s.PodsOf(ds) {
					for _, st := range p.Status.ContainerStatuses {
						if st.RestartCount > 0 && ds.Status.NumberUnavailable == 1 {
							return nil
						}
					}
				}
				return fmt.Errorf("no container has been restarted, numberUnavailable is %d", ds.Status.NumberUnavailable)
			})
			says(e, e.Kubectl.Run(ctx, "logs", "-l", "app="+t.name, "--tail=5"), "permission denied")
			t.heal(ctx)
			t = provoke(ctx, e, "host-path")
			t.shows(ctx, "the pod waits with an event FailedMount that names the type", func(s *history.State, _ *appsv1.DaemonSet) error {
				return event(s, "Pod", "FailedMount", "hostPath type check failed")
			})
			t.heal(ctx)
		},
	}
}

// oldPodsDoNotEnd is the fourth row: a rollout waits for a pod that does not end.
func oldPodsDoNotEnd() framework.Spec {
	return framework.Spec{
		ID: "DS-TRB-004", Area: framework.Troubleshooting, Title: "the update waits for a pod that does not end", Level: framework.Core,
		Behaviour: "A pod that ignores SIGTERM MUST hold the update at its node for its grace period, without a second pod beside it; ending it MUST let the update go on.",
		Clauses:   []string{table, "concepts/workloads/pods/pod-lifecycle: termination of Pods", "tasks/manage-daemon/update-daemon-set: troubleshooting"},
		Covers:    []string{"DS-PLC-024", "DS-RUM-008", "DS-RUM-016"},
		Why:       "maxUnavailable is 1 and used up by the terminating pod; a controller that goes on breaks the budget, one that starts the new pod early has two daemons on the node.",
		Needs:     []framework.Ability{framework.RealKubelet},
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			t := provoke(ctx, e, "termination")
			t.shows(ctx, "both pods run", func(s *history.State, ds *appsv1.DaemonSet) error { return oracle.RolledOut(s, ds) })
			t.patch(ctx, t.fix.Provoke)
			t.shows(ctx, "one old pod is terminating", func(s *history.State, _ *appsv1.DaemonSet) error {
				if n := len(terminating(s)); n != 1 {
					return fmt.Errorf("%d pods are terminating", n)
				}
				return nil
			})
			stuck := e.Kubectl.RolloutStatus(ctx, t.name, 3*time.Second)
			e.That(stuck.Ran() && !stuck.OK(), "rollout status does not succeed", "%s", stuck)
			e.Stays(ctx, "the update stands still with the terminating pod alone on its node", nil, func(s *history.State) error {
				if n := len(s.Pods()); n != 2 || len(terminating(s)) != 1 {
					return fmt.Errorf("there are %d pods, %d of them terminating", n, len(terminating(s)))
				}
				return nil
			})
			ds := t.patch(ctx, t.fix.Patch)
			for _, p := range e.History.State().Pods() {
				if p.DeletionTimestamp != nil {
					// The program may be gone before it has answered: what counts is that it heals.
					ended := e.Kubectl.Exec(ctx, p.Name, "agent", t.fix.EndTerminating...)
					e.That(ended.Ran(), "the program of pod "+p.Name+" can be told to end", "%s", ended)
					continue
				}
				e.DeletePod(ctx, p, metav1.DeleteOptions{GracePeriodSeconds: t.fix.DeleteOldPodsWithGraceSeconds})
			}
			t.healed(ctx, ds, 2)
		},
	}
}

func terminating(s *history.State) []*corev1.Pod {
	var out []*corev1.Pod
	for _, p := range s.Pods() {
		if p.DeletionTimestamp != nil {
			out = append(out, p)
		}
	}
	return out
}

// resourcesExhausted is the fifth row: the pod is made, and waits for room.
func resourcesExhausted() framework.Spec {
	return framework.Spec{
		ID: "DS-TRB-005", Area: framework.Troubleshooting, Title: "the node has no room", Level: framework.Core,
		Behaviour: "A pod that does not fit MUST be there, Pending and counted, with the scheduler's event saying what is lacking; smaller requests MUST let it run.",
		Clauses:   []string{table, "concepts/scheduling-eviction"},
		Covers:    []string{"DS-PLC-013", "DS-PRI-008"},
		Why:       "Whether there is room is the scheduler's question; a controller that does not make the pod hides the shortage.",
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			t := provoke(ctx, e, "resources")
			t.shows(ctx, "the pod is Pending, counted, and the scheduler says why", func(s *history.State, ds *appsv1.DaemonSet) error {
				pods := s.PodsOf(ds)
				if len(pods) != 1 || pods[0].Status.Phase != corev1.PodPending || ds.Status.DesiredNumberScheduled != 1 || ds.Status.CurrentNumberScheduled != 1 {
					return fmt.Errorf("%d pods, desired %d, current %d", len(pods), ds.Status.DesiredNumberScheduled, ds.Status.CurrentNumberScheduled)
				}
				return event(s, "Pod", "FailedScheduling", "Insufficient cpu")
			})
			says(e, e.Kubectl.Run(ctx, "describe", "pods", "-l", "app="+t.name), "Insufficient cpu")
			t.heal(ctx)
		},
	}
}

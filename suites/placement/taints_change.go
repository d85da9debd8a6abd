package placement

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// evicted judges that the node's pod goes and none comes after it, and that
// the pods of the nodes that stay are the same ones.
func evicted(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet, pods *fleet.Fleet, from string, stay ...string) {
	gone := pods.Pods[from]
	kept := site.Pods(ds)
	if len(stay) > 0 {
		kept = pods.Kept(stay...)
	}
	whole := fleet.Every(site.Gone(gone), site.Exactly(ds, stay...), kept)
	e.BecomesFor(ctx, ds.Name, e.Timeouts.Placement, "pod "+gone.Name+" is removed from node "+from+", and "+sentence(ds.Name, stay), whole)
	e.Stays(ctx, "no pod comes back to node "+from, nil, whole)
}

func noExecuteAdded() framework.Spec {
	return framework.Spec{
		ID: "DS-CHG-003", Area: framework.Placement, Title: "a NoExecute taint is added", Level: framework.Core,
		Behaviour: "A NoExecute taint that the pod does not tolerate MUST remove the running pod, and none MUST come back while it stands.",
		Clauses:   []string{"concepts/scheduling-eviction/taint-and-toleration: NoExecute affects pods that are already running", "concepts/workloads/controllers/daemonset, Taints and tolerations"},
		Why: "This taint clears a node. A controller that takes it for NoSchedule keeps counting the node; one that ignores it makes a pod " +
			"for each one that is evicted, for as long as the taint stands.",
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := running(ctx, e, e.DaemonSet("plain"), e.Nodes...)
			pods := fleet.Take(e, ds.Name)
			e.TaintNode(ctx, e.Nodes[0], taint(e, "clear", corev1.TaintEffectNoExecute))
			evicted(ctx, e, ds, pods, e.Nodes[0], e.Nodes[1])
		},
	}
}

func noScheduleAdded() framework.Spec {
	return framework.Spec{
		ID: "DS-CHG-004", Area: framework.Placement, Title: "a NoSchedule taint is added", Level: framework.Core,
		Behaviour: "A NoSchedule taint that the pod does not tolerate MUST NOT remove the running pod.",
		Clauses:   []string{"concepts/scheduling-eviction/taint-and-toleration: NoSchedule, pods currently running are not evicted"},
		Why: "The taint is about new pods. A controller that takes 'may not get a pod' for 'may not have one' stops the node's agent. " +
			"The touch makes it decide about the node anew, and the count of misscheduled pods proves that it has.",
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := running(ctx, e, e.DaemonSet("plain"), e.Nodes...)
			pods := fleet.Take(e, ds.Name)
			e.TaintNode(ctx, e.Nodes[0], taint(e, "closed", corev1.TaintEffectNoSchedule))
			site.LookAgain(ctx, e, ds.Name, e.Nodes[0])
			misscheduled(ctx, e, ds)
			e.Stays(ctx, "both pods stay", nil, pods.Alone())
		},
	}
}

// misscheduled waits for the status of two nodes, one of which is now tainted.
func misscheduled(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet) {
	e.BecomesFor(ctx, ds.Name, e.Timeouts.Placement, "the status counts one node as desired and the tainted one as misscheduled", oneMisscheduled(ds))
}

func oneMisscheduled(ds *appsv1.DaemonSet) site.Condition {
	return fleet.Counts(ds, map[string]int32{"desiredNumberScheduled": 1, "currentNumberScheduled": 1, "numberMisscheduled": 1})
}

func statusAfterTaint() framework.Spec {
	return framework.Spec{
		ID: "DS-CHG-005", Area: framework.Placement, Title: "the status after a NoSchedule taint", Level: framework.Deviation,
		Behaviour: "After a NoSchedule taint on a node with a running pod, desiredNumberScheduled SHOULD promptly drop by one and numberMisscheduled rise by one; they MUST do so once the DaemonSet is looked at for any reason.",
		Clauses:   []string{"DaemonSetStatus.desiredNumberScheduled", "DaemonSetStatus.numberMisscheduled", "pkg/controller/daemon syncNodeUpdate"},
		Why: "Whoever reads the status decides by it, as monitoring does. Kubernetes up to 1.32 updated it at once; since 1.33 the taint alone does not make the controller look, " +
			"so the numbers are those of before until something else does. Measured; only --strict fails the first half.",
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Slow:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			ds := running(ctx, e, e.DaemonSet("plain"), e.Nodes...)
			pods := fleet.Take(e, ds.Name)
			e.Stays(ctx, "the DaemonSet is at rest", nil, pods.Alone())
			since := time.Now()
			e.TaintNode(ctx, e.Nodes[0], taint(e, "closed", corev1.TaintEffectNoSchedule))
			prompt := 2 * e.Timeouts.Quiet
			limit, cancel := context.WithTimeout(ctx, prompt)
			defer cancel()
			if err := e.History.Await(limit, oneMisscheduled(ds)); err != nil {
				e.Measure("status lag after a NoSchedule taint", "more than "+prompt.String())
				e.That(!e.Strict(), "the status tells of the taint within "+prompt.String()+" and without another event", "%v", err)
			} else {
				e.Measure("status lag after a NoSchedule taint", time.Since(since).Round(time.Millisecond).String())
			}
			site.LookAgain(ctx, e, ds.Name, e.Nodes[0])
			misscheduled(ctx, e, ds)
			e.Holds(ctx, pods.Alone(), "both pods stay")
		},
	}
}

func taintRemovedFromMisscheduled() framework.Spec {
	return framework.Spec{
		ID: "DS-CHG-006", Area: framework.Placement, Title: "a taint goes from a node with a misscheduled pod", Level: framework.Core,
		Behaviour: "When the taint goes that made a pod misscheduled, the status MUST promptly count the node as desired again, without any other trigger, and the pod MUST stay.",
		Clauses:   []string{"DaemonSetStatus.numberMisscheduled", "kubernetes#132459"},
		Why: "Nothing else happens to the pod, so nothing else tells the controller. Kubernetes 1.33.0 to 1.33.5 and 1.34.0 did not look, " +
			"and reported misscheduled pods for ever after a node had been not ready for a moment.",
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := running(ctx, e, e.DaemonSet("plain"), e.Nodes...)
			pods := fleet.Take(e, ds.Name)
			closed := taint(e, "closed", corev1.TaintEffectNoSchedule)
			e.TaintNode(ctx, e.Nodes[0], closed)
			site.LookAgain(ctx, e, ds.Name, e.Nodes[0])
			misscheduled(ctx, e, ds)
			fleet.CaughtUp(ctx, e, "witness")
			e.UntaintNode(ctx, e.Nodes[0], closed)
			becomes(ctx, e, ds, e.Nodes...)
			e.Holds(ctx, pods.Alone(), "both pods stay")
		},
	}
}

func taintRemoved() framework.Spec {
	return framework.Spec{
		ID: "DS-CHG-007", Area: framework.Placement, Title: "a taint goes from a node without a pod", Level: framework.Core,
		Behaviour: "When the last taint goes that kept a pod off a node, the node MUST get its pod, without any other trigger.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset, Updating a DaemonSet", "kubernetes#42398"},
		Why:       "A node comes back from maintenance this way. A controller that watches labels only leaves it without its daemons.",
		Nodes:     framework.NodeNeed{Workers: 2, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			first, second := taint(e, "closed", corev1.TaintEffectNoSchedule), taint(e, "clear", corev1.TaintEffectNoExecute)
			e.TaintNode(ctx, e.Nodes[0], first)
			e.TaintNode(ctx, e.Nodes[0], second)
			site.Known(ctx, e, e.Nodes[0])
			ds := running(ctx, e, e.DaemonSet("plain"), e.Nodes[1])
			e.UntaintNode(ctx, e.Nodes[0], second)
			e.Stays(ctx, "one of two taints is enough to keep the pod off", nil, site.Exactly(ds, e.Nodes[1]))
			e.UntaintNode(ctx, e.Nodes[0], first)
			becomesRunning(ctx, e, ds, e.Nodes...)
		},
	}
}

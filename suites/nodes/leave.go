package nodes

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func nodeLeaves() framework.Spec {
	return framework.Spec{
		ID: "DS-NOD-003", Area: framework.NodeLife, Title: "a node leaves", Level: framework.Core, Slow: true,
		Behaviour: "The pod of a node that has left MUST be left to the pod garbage collector, which marks it Failed and removes it; then desired and current MUST count the nodes that are left, and no pod MUST be made for the one that is gone, until a machine joins under its name.",
		Clauses: []string{
			"concepts/workloads/controllers/daemonset: as nodes are removed from the cluster, those Pods are garbage collected",
			"concepts/workloads/pods/pod-lifecycle, Garbage collection of Pods: DeletionByPodGC",
		},
		Covers: []string{"DS-NOD-005"},
		Why: "The machine is switched off and its Node deleted. A controller that deletes the pod itself removes the trace of why it ended, and one that still has the node in its books " +
			"makes a pod that nobody can run. The collector waits 40 s and looks every 20 s. A machine that takes the name later is as new as any other, and one that remembers the old one's pod leaves it empty.",
		Needs: joining(),
		Nodes: framework.NodeNeed{Topology: true},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.CreateDaemonSet(ctx, daemon(e, "daemon"))
			nodes := site.JoinTogether(ctx, e, 2)
			running(ctx, e, ds, nodes...)
			pods := fleet.Take(e, ds.Name)
			lost := pods.Pods[nodes[0]]
			seen := len(e.History.Entries())
			e.RemoveNode(ctx, nodes[0])
			e.BecomesFor(ctx, ds.Name, e.Timeouts.PodGC, "the pod garbage collector has removed pod "+lost.Name, site.Gone(lost))
			after := e.History.Entries()[seen:]
			e.Check(collected(after, lost), "pod %s was removed by the pod garbage collector and by nobody else", lost.Name)
			becomes(ctx, e, ds, nodes[1])
			e.Stays(ctx, "the pod of the node that is left stays, and there is no other", nil, fleet.Every(site.Same(pods.Pods[nodes[1]]), site.Exactly(ds, nodes[1])))
			e.That(len(site.Created(after, ds)) == 0, "no pod is made after the node has left", "pod %s was made", firstName(site.Created(after, ds)))
			site.JoinAs(ctx, e, nodes[0])
			running(ctx, e, ds, nodes...)
		},
	}
}

func firstName(pods []*corev1.Pod) string {
	if len(pods) == 0 {
		return ""
	}
	return pods[0].Name + " for node " + oracle.TargetNode(pods[0])
}

// collected judges that the pod was marked by the pod garbage collector before
// anybody deleted it, and that no event tells of a deletion by the controller.
func collected(entries []history.Entry, lost *corev1.Pod) error {
	for _, en := range history.Sorted(entries) {
		switch o := en.Object.(type) {
		case *corev1.Event:
			if o.Reason == "SuccessfulDelete" && strings.Contains(o.Message, lost.Name) {
				return fmt.Errorf("%s reports: %s", o.Source.Component, o.Message)
			}
		case *corev1.Pod:
			if o.UID == lost.UID && (o.DeletionTimestamp != nil || en.Change == history.Deleted) {
				return markedByCollector(o)
			}
		}
	}
	return fmt.Errorf("the event log does not show who deleted pod %s", lost.Name)
}

func markedByCollector(pod *corev1.Pod) error {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.DisruptionTarget && c.Reason == "DeletionByPodGC" && pod.Status.Phase == corev1.PodFailed {
			return nil
		}
	}
	return fmt.Errorf("pod %s was deleted in phase %s with conditions %v", pod.Name, pod.Status.Phase, pod.Status.Conditions)
}

func statusAfterLeave() framework.Spec {
	return framework.Spec{
		ID: "DS-NOD-006", Area: framework.NodeLife, Title: "the status after a node has left", Level: framework.Deviation, Slow: true,
		Behaviour: "After a node has left, desiredNumberScheduled SHOULD promptly drop by one, and MUST have done so once the pod garbage collector has removed its pod.",
		Clauses:   []string{"DaemonSetStatus.desiredNumberScheduled", "pkg/controller/daemon NewDaemonSetsController"},
		Why: "Released Kubernetes has no handler for deleted nodes: until another event makes it look, the status counts a node that is not there. " +
			"The lag is measured; only --strict fails one that is as long as the collector's. A controller that never looks again keeps a rollout waiting for ever.",
		Needs: joining(),
		Nodes: framework.NodeNeed{Topology: true},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.CreateDaemonSet(ctx, daemon(e, "daemon"))
			node := site.Join(ctx, e)
			running(ctx, e, ds, node)
			lost := site.One(e.History.State(), ds, node)
			e.RemoveNode(ctx, node)
			left := time.Now()
			e.BecomesFor(ctx, ds.Name, e.Timeouts.PodGC+e.Timeouts.Placement, "the status counts no node as desired",
				fleet.Counts(ds, map[string]int32{"desiredNumberScheduled": 0}))
			lag := time.Since(left)
			e.Measure("status lag after a node has left", lag.Round(time.Millisecond).String())
			prompt := 2 * e.Timeouts.Quiet
			e.That(lag < prompt || !e.Strict(), "the status tells within "+prompt.String()+" that the node has left", "it took %s", lag.Round(time.Millisecond))
			e.BecomesFor(ctx, ds.Name, e.Timeouts.PodGC, "the pod garbage collector has removed pod "+lost.Name, site.Gone(lost))
			becomes(ctx, e, ds)
		},
	}
}

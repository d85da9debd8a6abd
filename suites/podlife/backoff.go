package podlife

import (
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// watchSlack is how much closer together two deletions may be seen than they
// were made, because each travels through the watch on its own, and on a busy
// machine the first one may be seen seconds late.
const watchSlack = 3 * time.Second

// failedPodBackoff: kubernetes#65309, a kubelet that rejects a pod and a
// controller that replaces it at once fight in a hot loop.
func failedPodBackoff() framework.Spec {
	return framework.Spec{
		ID: "DS-POD-004", Area: framework.PodLife, Title: "repeated failures are throttled", Level: framework.Core, Slow: true,
		Behaviour: "Repeated failures on one node MUST be throttled: the first is handled at once, the next ones after waits of 1, 2, 4, ... seconds.",
		Clauses:   []string{"kubernetes#65309", "cmd/kube-controller-manager: flowcontrol.NewBackOff(1s, 15m)"},
		Covers:    []string{"DS-CST-011", "DS-POD-007"},
		Why: "A node that rejects the pod would otherwise be sent a new one in a hot loop; a controller that forgets the failure deletes as fast as the node rejects, " +
			"and one that makes the next pod beside the failed one has throttled nothing.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			node := e.Nodes[0]
			e.CreateDaemonSet(ctx, e.DaemonSet("agent", rejectedBy(node)))
			deletions := awaitFailures(ctx, e, node, failures)
			e.CheckTime(waitsGrow(apart(deletions)), "each failure waits twice as long as the one before, from 1 s")
			e.Check(fleet.Each(e, func(s *history.State, _ history.Entry) error { return oneStands(s, node) }),
				"while a Failed pod waits for its deletion there is no second pod for the node")
			// Without the node named, the scheduler holds the pod back and no kubelet rejects it.
			e.UpdateDaemonSet(ctx, "agent", func(ds *appsv1.DaemonSet) {
				ds.Spec.Template.Spec.NodeName = ""
				delete(ds.Spec.Template.Spec.Containers[0].Resources.Requests, corev1.ResourceCPU)
			})
			rolledOut(ctx, e)
		},
	}
}

// oneStands judges that at most one pod of DaemonSet "agent" that nobody deletes
// is for the node, whether it has failed or not.
func oneStands(s *history.State, node string) error {
	ds := s.DaemonSet("agent")
	if ds == nil {
		return nil
	}
	standing := slices.DeleteFunc(s.PodsOf(ds), func(p *corev1.Pod) bool {
		return oracle.Terminating(p) || oracle.TargetNode(p) != node
	})
	if len(standing) > 1 {
		return fmt.Errorf("node %s has pods %s (%s) and %s (%s)", node, standing[0].Name, standing[0].Status.Phase, standing[1].Name, standing[1].Status.Phase)
	}
	return nil
}

// apart gives the times between each moment and the next one.
func apart(moments []time.Time) []time.Duration {
	var out []time.Duration
	for i := 1; i < len(moments); i++ {
		out = append(out, moments[i].Sub(moments[i-1]).Round(time.Millisecond))
	}
	return out
}

// waitsGrow judges that the waits are of 1, 2, 4, ... seconds at least, but for
// watchSlack in each, and in all of them together: what comes late in one wait
// is missing in the next, so that the sum tells more than the short ones do.
func waitsGrow(waits []time.Duration) error {
	var seen, due time.Duration
	for i, wait := range waits {
		least := time.Second << i
		if wait < least-watchSlack {
			return fmt.Errorf("failure %d was handled %s after failure %d, not %s", i+2, wait, i+1, least)
		}
		seen, due = seen+wait, due+least
	}
	if seen < due-watchSlack {
		return fmt.Errorf("%d failures were handled within %s, not %s: the waits were %s", len(waits)+1, seen, due, waits)
	}
	return nil
}

// failures is how many failures are watched: the waits between them add up to
// 15 s, which watchSlack does not blur.
const failures = 5

// rejectedBy makes a pod that the kubelet of the node rejects (OutOfcpu): it
// is bound without a scheduler's leave, and asks for more than any node has.
func rejectedBy(node string) func(*appsv1.DaemonSet) {
	return func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.NodeName = node
		ds.Spec.Template.Spec.Containers[0].Resources.Requests[corev1.ResourceCPU] = resource.MustParse("10k")
	}
}

// awaitFailures waits until so many Failed pods of the node were deleted and
// gives when each was.
func awaitFailures(ctx context.Context, e *framework.Env, node string, n int) []time.Time {
	var deletions []time.Time
	e.BecomesFor(ctx, "agent", e.Timeouts.Rollout, fmt.Sprintf("%d pods that the kubelet of %s rejects are each deleted and replaced", n, node), func(*history.State) error {
		deletions = failedDeletions(e.History.Entries())
		if len(deletions) < n {
			return fmt.Errorf("%d Failed pods were deleted so far", len(deletions))
		}
		return nil
	})
	return deletions[:n]
}

// failedDeletions is when the log shows each pod that had Failed as being deleted.
func failedDeletions(entries []history.Entry) []time.Time {
	var out []time.Time
	failed := map[types.UID]bool{}
	for _, en := range entries {
		p, ok := en.Object.(*corev1.Pod)
		if !ok {
			continue
		}
		going := en.Change == history.Deleted || p.DeletionTimestamp != nil
		switch {
		case going && failed[en.UID]:
			out = append(out, en.Time)
			delete(failed, en.UID)
		case !going && p.Status.Phase == corev1.PodFailed:
			failed[en.UID] = true
		}
	}
	return out
}

// crashLoopLeftToKubelet: restartPolicy is Always, so that a crashed container
// is the kubelet's affair.
func crashLoopLeftToKubelet() framework.Spec {
	return framework.Spec{
		ID: "DS-POD-010", Area: framework.PodLife, Title: "a crash loop is left to the kubelet", Level: framework.Core, Slow: true,
		Behaviour: "A crash-looping container MUST NOT cause the controller to delete or recreate its pod.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: restartPolicy must be Always", "DaemonSet.spec.template.spec.restartPolicy"},
		Why:       "The kubelet restarts containers in place; a controller that replaces crashing pods hides the crash and loses its logs.",
		Nodes:     framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.DaemonSet("agent")
			ds.Spec.Template.Spec.Containers[0].Command = []string{"/bin/sh", "-c", "exit 3"}
			e.CreateDaemonSet(ctx, ds)
			var first *corev1.Pod
			e.BecomesFor(ctx, "agent", e.Timeouts.PodReady, "the container has been restarted twice, in the same pod", func(s *history.State) error {
				pods := s.PodsOf(s.DaemonSet("agent"))
				if len(pods) != 1 {
					return fmt.Errorf("DaemonSet agent has %d pods", len(pods))
				}
				if first == nil {
					first = pods[0]
				}
				if pods[0].UID != first.UID {
					// No retry can make this true again: the deadline's text says it.
					return fmt.Errorf("pod %s was replaced by %s", first.Name, pods[0].Name)
				}
				if st := pods[0].Status.ContainerStatuses; len(st) == 1 && st[0].RestartCount >= 2 {
					return nil
				}
				return fmt.Errorf("pod %s has not been restarted twice yet: %+v", pods[0].Name, pods[0].Status.ContainerStatuses)
			})
			for _, en := range e.History.Entries() {
				if p, ok := en.Object.(*corev1.Pod); ok {
					e.That(p.UID == first.UID && p.DeletionTimestamp == nil, "pod "+first.Name+" is the only one there ever was", "%s", en)
				}
			}
			e.Check(noneOn(e.History.State(), e.Nodes[0], first), "one pod on the node")
		},
	}
}

func noneOn(s *history.State, node string, but *corev1.Pod) error {
	for _, p := range s.Pods() {
		if p.UID != but.UID && oracle.TargetNode(p) == node {
			return fmt.Errorf("pod %s is there too", p.Name)
		}
	}
	return nil
}

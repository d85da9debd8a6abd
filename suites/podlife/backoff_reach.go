package podlife

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

const (
	// inARow is how many failures bring a node's wait to throttled.
	inARow = 6
	// throttled is how long the failure after those in a row waits: 1, 2, 4, 8 and 16
	// seconds went before.
	throttled = 32 * time.Second
)

// backoffPerNode: the wait belongs to the node that is in trouble.
func backoffPerNode() framework.Spec {
	return framework.Spec{
		ID: "DS-POD-005", Area: framework.PodLife, Title: "a failing node delays no other node and no other DaemonSet", Level: framework.Core, Slow: true,
		Behaviour: "The wait between repeated failures MUST be the DaemonSet's own on that node: a failure on another node, or of another DaemonSet on the same one, MUST be handled at once.",
		Clauses:   []string{"kubernetes#65309", "pkg/controller/daemon failedPodsBackoffKey"},
		Why: "One node rejects pod after pod and is due to wait 16 s; then a pod of a sound node fails for the first time. A controller with one wait for the whole DaemonSet " +
			"leaves the sound node without its daemon for as long as the broken one is broken: up to 15 minutes. One with one wait for the whole node has a bad daemon keep the good ones off.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			broken, sound := e.Nodes[0], e.Nodes[1]
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("agent", unbound.Scheduler))
			other := e.CreateDaemonSet(ctx, e.DaemonSet("other", unbound.Scheduler))
			first, beside := unbound.Await(ctx, e, ds, sound), unbound.Await(ctx, e, other, broken)
			last := unbound.FailAgain(ctx, e, ds, broken, inARow)[inARow-1]
			unbound.Fail(ctx, e, unbound.Await(ctx, e, ds, broken), "OutOfcpu")

			unbound.Fail(ctx, e, first, "OutOfcpu")
			unbound.Fail(ctx, e, beside, "OutOfcpu")
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the Failed pod of node "+sound+" is deleted and replaced", func(s *history.State) error {
				if err := gone(s, first.UID); err != nil {
					return err
				}
				return onePod(s, sound)
			})
			e.BecomesFor(ctx, "other", e.Timeouts.Placement, "the Failed pod of DaemonSet other on node "+broken+" is deleted and replaced",
				fleet.Every(site.Gone(beside), site.Pods(other, e.Nodes...)))
			e.CheckTime(sooner(e.History.Entries(), last, first), "the sound node's first failure is handled before the broken node's wait is over")
			e.CheckTime(sooner(e.History.Entries(), last, beside), "the first failure of the other DaemonSet is handled before the wait of the one that failed is over")
			rest(ctx, e)
		},
	}
}

// backoffReset: whoever edits the DaemonSet may have mended what failed.
func backoffReset() framework.Spec {
	return framework.Spec{
		ID: "DS-POD-006", Area: framework.PodLife, Title: "an edit ends the wait after failures", Level: framework.Core, Slow: true,
		Behaviour: "A new generation MUST reset the wait between repeated failures: the next failure MUST be handled at once.",
		Clauses:   []string{"kubernetes#65309", "pkg/controller/daemon failedPodsBackoffKey: the observed generation is part of the key"},
		Why: "The edit may be the cure. A controller that keeps waiting shows the user the old failure for up to 15 minutes after it is mended; " +
			"the edit leaves the template alone, so that no rollout deletes the pod in its stead.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			node := e.Nodes[0]
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("agent", unbound.Scheduler))
			last := unbound.FailAgain(ctx, e, ds, node, inARow)[inARow-1]
			waiting := unbound.Await(ctx, e, ds, node)
			unbound.Fail(ctx, e, waiting, "OutOfcpu")

			rest(ctx, e)
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the Failed pod is deleted and replaced", func(s *history.State) error {
				if err := gone(s, waiting.UID); err != nil {
					return err
				}
				return onePod(s, node)
			})
			e.CheckTime(sooner(e.History.Entries(), last, waiting), "the failure is handled before the wait of the earlier generation is over")
		},
	}
}

// rest edits the DaemonSet so that no failure waits any longer.
func rest(ctx context.Context, e *framework.Env) {
	fleet.Update(ctx, e, "agent", fleet.HistoryLimit(3))
}

// onePod judges that the node has one pod of DaemonSet "agent" that lives.
func onePod(s *history.State, node string) error {
	if live := fleet.On(s, s.DaemonSet("agent"), node); len(live) != 1 {
		return fmt.Errorf("node %s has %d live pods", node, len(live))
	}
	return nil
}

// sooner judges that the pod was deleted before the wait that began with the
// deletion of last was over.
func sooner(entries []history.Entry, last, pod *corev1.Pod) error {
	began, ended := deletedAt(entries, last), deletedAt(entries, pod)
	if began.IsZero() || ended.IsZero() {
		return fmt.Errorf("the log does not show the deletions of pods %s and %s", last.Name, pod.Name)
	}
	if after := ended.Sub(began); after >= throttled-watchSlack {
		return fmt.Errorf("pod %s was deleted %s after pod %s, by which the wait of %s began", pod.Name, after.Round(time.Millisecond), last.Name, throttled)
	}
	return nil
}

// deletedAt is when the log first shows the pod as being deleted.
func deletedAt(entries []history.Entry, pod *corev1.Pod) time.Time {
	i := slices.IndexFunc(entries, func(en history.Entry) bool {
		p, ok := en.Object.(*corev1.Pod)
		return ok && p.UID == pod.UID && (en.Change == history.Deleted || oracle.Terminating(p))
	})
	if i < 0 {
		return time.Time{}
	}
	return entries[i].Time
}

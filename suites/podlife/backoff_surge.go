package podlife

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// backoffWithSurge: kubernetes#124388, a hot loop that surge opens again.
func backoffWithSurge() framework.Spec {
	return framework.Spec{
		ID: "DS-POD-008", Area: framework.PodLife, Title: "repeated failures with maxSurge", Level: framework.Deviation, Slow: true,
		Behaviour: "With maxSurge too, repeated failures on one node SHOULD be throttled; there MUST be at most one live pod for the node meanwhile, and the Failed ones MUST all be deleted.",
		Clauses:   []string{"kubernetes#124388", "pkg/controller/daemon podsShouldBeOnNode"},
		Why: "With maxSurge a Failed pod is none, so released Kubernetes makes the next one at once and deletes the Failed ones slowly: a node that rejects pods is sent them as fast as it can reject, " +
			"and the Failed ones pile up. The shortest time from a failure to the next pod and the height of the pile are measured; only --strict fails them.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			node := e.Nodes[0]
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("agent", unbound.Scheduler, fleet.MaxSurge("1")))
			for range failures {
				unbound.Fail(ctx, e, unbound.Await(ctx, e, ds, node), "OutOfcpu")
			}
			unbound.Await(ctx, e, ds, node)
			gaps, pile := throttling(e.History.Entries(), e.Namespace)
			e.Measure("times from a failure to the next pod, with maxSurge", gaps)
			e.Measure("Failed pods that stood at once, with maxSurge", pile)
			e.CheckTime(strictly(e, gaps), "after the first failure the next pod waits for 1, 2, 4, ... seconds")

			e.BecomesFor(ctx, "agent", e.Timeouts.Rollout, "every Failed pod is deleted and one live pod is left", func(s *history.State) error {
				if n := len(s.PodsOf(s.DaemonSet("agent"))); n != 1 {
					return fmt.Errorf("there are %d pods", n)
				}
				return onePod(s, node)
			})
			e.Check(fleet.Each(e, func(s *history.State, _ history.Entry) error {
				if live := fleet.On(s, s.DaemonSet("agent"), node); len(live) > 1 {
					return fmt.Errorf("pods %s and %s live side by side", live[0].Name, live[1].Name)
				}
				return nil
			}), "at every instant there is at most one live pod for the node")
		},
	}
}

// strictly judges the times between failure and next pod, under --strict alone.
func strictly(e *framework.Env, gaps []time.Duration) error {
	if !e.Strict() {
		return nil
	}
	wait := time.Second
	for i, gap := range gaps[1:] {
		if gap < wait-watchSlack {
			return fmt.Errorf("after failure %d the next pod came within %s, not %s", i+2, gap, wait)
		}
		wait *= 2
	}
	return nil
}

// throttling gives the time from each failure to the next pod, and how many
// Failed pods that nobody deleted stood at once.
func throttling(entries []history.Entry, namespace string) (gaps []time.Duration, pile int) {
	s := history.NewState(namespace)
	failed := map[types.UID]bool{}
	var since time.Time
	for _, en := range history.Sorted(entries) {
		s.Apply(en)
		pod, ok := en.Object.(*corev1.Pod)
		if !ok {
			continue
		}
		switch {
		case pod.Status.Phase == corev1.PodFailed && !failed[pod.UID]:
			failed[pod.UID], since = true, en.Time
		case en.Change == history.Added && !since.IsZero():
			gaps, since = append(gaps, en.Time.Sub(since).Round(time.Millisecond)), time.Time{}
		}
		standing := 0
		for _, p := range s.Pods() {
			if p.Status.Phase == corev1.PodFailed && !oracle.Terminating(p) {
				standing++
			}
		}
		pile = max(pile, standing)
	}
	return gaps, pile
}

package histories

import (
	"context"
	"fmt"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// Two known deviations of released Kubernetes are met by histories all the time.
// Both are work that is forgotten, and done once anything else happens to the
// DaemonSet.
//
// A surge with minReadySeconds must look again when each new pod becomes
// available. Released controllers ask their queue for that, which keeps for one
// DaemonSet only the earliest of all times asked for: a pod that is ready a moment
// after others is looked at with them, too early, and then, as the status counts
// nothing unavailable, never again. Its old pod stays.
//
// A node that changes while its pod may stay (a NoSchedule taint), or that goes,
// makes nobody look since 1.33: the status trails (DS-CHG-005, DS-STA-016, DS-NOD-006).

// patience is how long such work may be left undone before it is taken for
// forgotten and not for slow.
const patience = 5 * time.Second

// nudge is the DaemonSet's annotation by which something else happens to it.
const nudge = "history.dsconform.dev/nudge"

// mostNudges in one wait: each must lead on, and every node can be forgotten once.
const mostNudges = 2 * (MostNodes + mostJoined)

// awaitSettled waits until cond holds. Work that was forgotten as above is noted
// (under Strict it fails), and the DaemonSet is touched, on which the controller
// must go on.
func (p *player) awaitSettled(ctx context.Context, expected string, cond func(*history.State) error) {
	for range mostNudges {
		forgot, last := "", ""
		var since time.Time
		p.e.BecomesFor(ctx, name, p.deadline(), expected, func(s *history.State) error {
			err := cond(s)
			if forgot = ""; err == nil {
				return nil
			}
			what, ready := p.forgotten(s, err)
			if what != last {
				last, since = what, s.Now()
			}
			if ready.After(since) {
				since = ready
			}
			switch due := since.Add(patience); {
			case what == "":
				return err
			case s.Now().Before(due):
				return history.RetryAt(due, err)
			}
			forgot = what
			return nil
		})
		if forgot == "" {
			p.nodesChanged = false
			return
		}
		p.nudge(ctx, expected, forgot)
	}
	p.e.BecomesFor(ctx, name, p.deadline(), expected, cond)
}

// nudge notes what was forgotten and touches the DaemonSet.
func (p *player) nudge(ctx context.Context, expected, forgot string) {
	if p.e.Strict() {
		p.e.Fail(framework.Failure{Expected: expected, Seen: forgot})
	}
	p.deviations = append(p.deviations, p.at+": "+forgot)
	p.e.UpdateDaemonSet(ctx, name, func(ds *appsv1.DaemonSet) {
		if ds.Annotations == nil {
			ds.Annotations = map[string]string{}
		}
		ds.Annotations[nudge] = strconv.Itoa(len(p.deviations))
	})
}

// forgotten says what the controller has forgotten, if the error, which is what
// stands against rest, is one of the known deviations. It was not due before the time given.
func (p *player) forgotten(s *history.State, err error) (what string, ready time.Time) {
	ds := s.DaemonSet(name)
	if ds == nil {
		return "", time.Time{}
	}
	current, unreadable := oracle.CurrentRevision(s, ds)
	if unreadable != nil {
		return "", time.Time{}
	}
	if pod, since := besideAvailable(s, ds, current); pod != nil {
		return fmt.Sprintf("old pod %s of node %s stays beside a new one that is available, until the DaemonSet is touched",
			pod.Name, p.number(oracle.TargetNode(pod))), since
	}
	stale := oracle.StatusDiff(ds, s.Nodes(), s.PodsOf(ds), oracle.Hash(current), s.Now())
	if p.nodesChanged && stale != nil && stale.Error() == err.Error() {
		return "the status trails a change of nodes, until the DaemonSet is touched: " + stale.Error(), time.Time{}
	}
	return "", time.Time{}
}

// besideAvailable gives an old pod that a surge with minReadySeconds has to
// delete, for the new one beside it is available since the time given.
func besideAvailable(s *history.State, ds *appsv1.DaemonSet, current *appsv1.ControllerRevision) (*corev1.Pod, time.Time) {
	if ds.Spec.MinReadySeconds == 0 || !oracle.Surges(ds) {
		return nil, time.Time{}
	}
	since := map[string]time.Time{}
	for _, pod := range s.PodsOf(ds) {
		if !outdated(pod, current) && !oracle.Terminating(pod) && oracle.Ready(pod) {
			since[oracle.TargetNode(pod)] = readySince(pod)
		}
	}
	for _, pod := range s.PodsOf(ds) {
		ready, beside := since[oracle.TargetNode(pod)]
		if beside && outdated(pod, current) && !oracle.Terminating(pod) && !oracle.Terminal(pod) {
			return pod, ready.Add(time.Duration(ds.Spec.MinReadySeconds) * time.Second)
		}
	}
	return nil, time.Time{}
}

func readySince(pod *corev1.Pod) time.Time {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

package diagnose

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/oracle"
)

// outdated lists the live pods that are not of the present template.
func (v *view) outdated() []*corev1.Pod {
	var out []*corev1.Pod
	if v.hash == "" {
		return nil
	}
	for _, p := range v.pods {
		if !oracle.Terminating(p) && !oracle.Updated(p, v.ds, v.hash) {
			out = append(out, p)
		}
	}
	return out
}

// heldBack: the rollout waits, as it must, because nodes without an available
// pod use its budget up. What keeps these nodes' pods from being available is
// the cause proper, so this rule speaks only where that is not a pod's trouble
// that a later rule explains.
func heldBack(v *view) *Diagnosis {
	old := v.outdated()
	if len(old) == 0 || v.ds.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType || len(v.openSteps()) > 0 || oracle.Surges(v.ds) {
		return nil
	}
	without, desired := v.without()
	limit, _, err := oracle.Budget(v.ds, desired)
	if err != nil || len(without) < limit {
		return nil
	}
	why := v.blockers()
	if why == nil {
		return nil
	}
	why.Cause = fmt.Sprintf("the rollout waits with %s: %d of %d nodes have no available pod (%s), which uses up maxUnavailable %d. %s",
		count(len(old), "outdated pod"), len(without), desired, strings.Join(without, ", "), limit, capital(why.Cause))
	return why
}

// blockers gives the first trouble of a pod that explains why nodes are without.
func (v *view) blockers() *Diagnosis {
	for _, rule := range []examine{nodeDown, unscheduled, kubeletSilent, imageMissing, containerRefused, mountFailed, containerCrashes, probeFails, stuckTerminating} {
		if d := rule(v); d != nil {
			return d
		}
	}
	return nil
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// notRolled: outdated pods that the controller could have replaced.
func notRolled(v *view) *Diagnosis {
	open := v.openSteps()
	if controllerSilent(v) != nil {
		return nil
	}
	if len(open) == 0 || v.now.Sub(v.asked) < patience || v.now.Sub(v.last) < patience {
		return nil
	}
	without, desired := v.without()
	maxUnavailable, maxSurge, err := oracle.Budget(v.ds, desired)
	if err != nil {
		return nil
	}
	d := &Diagnosis{
		Class: NonConformant,
		Cause: fmt.Sprintf("the controller does not go on with the rollout: %s could be replaced now, the first is %s on node %s (maxUnavailable %d, maxSurge %d, %d of %d nodes without an available pod)",
			count(len(open), "outdated pod"), open[0].Name, oracle.TargetNode(open[0]), maxUnavailable, maxSurge, len(without), desired),
		Evidence: []string{v.lastWrite(), podLine(open[0])},
		Look:     []string{"the controller's log for DaemonSet " + v.ds.Name},
	}
	if n := len(v.s.RevisionsOf(v.ds)); n > 1 {
		d.Evidence = append(d.Evidence, fmt.Sprintf("%d ControllerRevisions, the current one has hash %s", n, v.hash))
	}
	return d
}

// statusLags: pods and nodes are as they must be, the status is not.
func statusLags(v *view) *Diagnosis {
	if v.now.Sub(v.asked) < patience && v.now.Sub(v.last) < patience {
		return nil
	}
	if v.hash == "" || controllerSilent(v) != nil {
		return nil
	}
	err := oracle.StatusDiff(v.ds, v.nodes, v.pods, v.hash, v.now)
	if err == nil {
		return nil
	}
	return &Diagnosis{
		Class: NonConformant, Cause: err.Error(), Evidence: []string{v.lastWrite()},
		Look: []string{"whether the controller may update daemonsets/status, and its log"},
	}
}

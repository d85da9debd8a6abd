package histories

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// settled waits until the DaemonSet is rolled out. A stuck template never is:
// then it is the placement's turn only where the strategy has nothing to wait for.
func (p *player) settled(ctx context.Context) {
	p.awaitSettled(ctx, "history: every eligible node has its one pod, it is available, and the status says so", settled)
}

// deadline is for a rollout, and for the pods of a node that has left to be
// collected before it can end.
func (p *player) deadline() time.Duration {
	within := p.e.Timeouts.RolloutOf(len(p.known))
	if len(p.known) > len(p.nodes) {
		within += p.e.Timeouts.PodGC
	}
	return within
}

// settled holds when nothing is left that the controller would do by itself. With
// a stuck template that is when the generation is observed: how far such a
// rollout comes depends on its way.
func settled(s *history.State) error {
	ds := s.DaemonSet(name)
	switch {
	case ds == nil:
		return errors.New("there is no DaemonSet " + name)
	case stuck(ds.Spec.Template):
		return observed(s)
	case ds.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType:
		return oracle.RolledOut(s, ds)
	}
	return keptOut(s, ds)
}

// keptOut holds when an OnDelete DaemonSet is as it is to be: each eligible node
// has its one pod, of whatever revision, it is available, and the status counts right.
func keptOut(s *history.State, ds *appsv1.DaemonSet) error {
	if err := observed(s); err != nil {
		return err
	}
	if err := oracle.Placement(s, ds); err != nil {
		return err
	}
	current, err := oracle.CurrentRevision(s, ds)
	if err != nil {
		return err
	}
	rule := oracle.RuleOf(ds)
	for _, pod := range s.PodsOf(ds) {
		node := s.Node(oracle.TargetNode(pod))
		if node == nil || !rule.Decide(node).Run {
			continue
		}
		ok, due := oracle.Available(pod, ds.Spec.MinReadySeconds, s.Now())
		switch {
		case oracle.Terminating(pod):
			return fmt.Errorf("pod %s on node %s is terminating", pod.Name, node.Name)
		case outdated(pod, current) && stuckPod(pod):
			// Made of a stuck template, and nobody replaces it but the user.
		case !ok && !due.IsZero():
			return history.RetryAt(due, fmt.Errorf("pod %s on node %s is ready, but not for %d s", pod.Name, node.Name, ds.Spec.MinReadySeconds))
		case !ok:
			return fmt.Errorf("pod %s on node %s is not available", pod.Name, node.Name)
		}
	}
	return oracle.StatusDiff(ds, s.Nodes(), s.PodsOf(ds), oracle.Hash(current), s.Now())
}

func outdated(pod *corev1.Pod, current *appsv1.ControllerRevision) bool {
	return pod.Labels[appsv1.ControllerRevisionHashLabelKey] != oracle.Hash(current)
}

func stuckPod(pod *corev1.Pod) bool { return len(pod.Spec.ReadinessGates) > 0 }

// finish brings the history to an end that does not depend on its way: a stuck
// template is mended, and what OnDelete leaves to the user is done in his place.
// Then the end is judged.
func (p *player) finish(ctx context.Context) {
	if ds := p.e.History.State().DaemonSet(name); ds != nil && stuck(ds.Spec.Template) {
		p.stand("at the end, the stuck template is mended")
		p.e.UpdateDaemonSet(ctx, name, func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.ReadinessGates = nil })
	}
	p.settled(ctx)
	p.renew(ctx)
	p.stand("at the end, beside a fresh DaemonSet")
	p.compare(ctx)
}

// renew deletes the outdated pods that OnDelete leaves to the user.
func (p *player) renew(ctx context.Context) {
	s := p.e.History.State()
	ds := s.DaemonSet(name)
	if ds == nil || ds.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType {
		return
	}
	p.stand("at the end, the outdated pods that OnDelete left are deleted")
	current, err := oracle.CurrentRevision(s, ds)
	p.e.Check(err, "history: the present template has its ControllerRevision")
	for _, pod := range s.PodsOf(ds) {
		if node := s.Node(oracle.TargetNode(pod)); node != nil && outdated(pod, current) && !oracle.Terminating(pod) {
			p.remove(ctx, pod, metav1.DeleteOptions{})
		}
	}
	p.awaitSettled(ctx, "history: once its outdated pods were deleted, the OnDelete DaemonSet is of one revision",
		func(s *history.State) error { return oracle.RolledOut(s, s.DaemonSet(name)) })
}

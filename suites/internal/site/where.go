package site

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// Condition is a pure predicate over the recorded state: nil, or what stands against it.
type Condition = func(*history.State) error

// Exactly judges that exactly one live pod of the DaemonSet is for each of the
// nodes, that none is for another node, and that the status counts these nodes,
// and only them, as desired and current. ds is what the API server answered to
// the last change of the DaemonSet: an older state is not judged.
func Exactly(ds *appsv1.DaemonSet, nodes ...string) Condition {
	n := int32(len(nodes))
	counts := fleet.Counts(ds, map[string]int32{
		"desiredNumberScheduled": n, "currentNumberScheduled": n, "numberMisscheduled": 0,
	})
	return fleet.Every(Pods(ds, nodes...), counts)
}

// Running is Exactly, and every one of the pods is bound and Ready.
func Running(ds *appsv1.DaemonSet, nodes ...string) Condition {
	return fleet.Every(Exactly(ds, nodes...), Ready(ds))
}

// Ready judges that every live pod of the DaemonSet is bound and Ready.
func Ready(ds *appsv1.DaemonSet) Condition {
	return func(s *history.State) error {
		var problems []error
		for _, p := range fleet.Live(s, s.DaemonSet(ds.Name)) {
			switch {
			case p.Spec.NodeName == "":
				problems = append(problems, fmt.Errorf("pod %s for node %s is not bound", p.Name, oracle.TargetNode(p)))
			case !oracle.Ready(p):
				problems = append(problems, fmt.Errorf("pod %s on node %s is not Ready (phase %s)", p.Name, p.Spec.NodeName, p.Status.Phase))
			}
		}
		return errors.Join(problems...)
	}
}

// Pods judges the pods alone: exactly one live pod of the DaemonSet for each of
// the nodes, and none for another node or for none.
func Pods(ds *appsv1.DaemonSet, nodes ...string) Condition {
	return func(s *history.State) error {
		now, err := fleet.AtLeast(s, ds)
		if err != nil {
			return err
		}
		have := map[string][]string{}
		for _, p := range fleet.Live(s, now) {
			have[oracle.TargetNode(p)] = append(have[oracle.TargetNode(p)], p.Name)
		}
		var wrong []string
		for _, node := range nodes {
			if n := len(have[node]); n != 1 {
				wrong = append(wrong, fmt.Sprintf("node %s has %d live pods %v, not one", node, n, have[node]))
			}
			delete(have, node)
		}
		for _, node := range slices.Sorted(maps.Keys(have)) {
			wrong = append(wrong, fmt.Sprintf("node %q has pod %s and must have none", node, strings.Join(have[node], ", ")))
		}
		if len(wrong) > 0 {
			return fmt.Errorf("DaemonSet %s: %s", ds.Name, strings.Join(wrong, "; "))
		}
		return nil
	}
}

// One gives the only live pod of the DaemonSet for the node, nil if there is
// none or more than one. Exactly is what judges that.
func One(s *history.State, ds *appsv1.DaemonSet, node string) *corev1.Pod {
	if pods := fleet.On(s, s.DaemonSet(ds.Name), node); len(pods) == 1 {
		return pods[0]
	}
	return nil
}

// Same judges that the pod is still there: the same UID, and nobody deletes it.
func Same(pod *corev1.Pod) Condition {
	return func(s *history.State) error {
		switch now := s.Pod(pod.Name); {
		case now == nil || now.UID != pod.UID:
			return fmt.Errorf("pod %s of node %s is gone", pod.Name, oracle.TargetNode(pod))
		case now.DeletionTimestamp != nil:
			return fmt.Errorf("pod %s of node %s is being deleted", pod.Name, oracle.TargetNode(pod))
		case oracle.Terminal(now):
			return fmt.Errorf("pod %s of node %s has ended: phase %s %s", pod.Name, oracle.TargetNode(pod), now.Status.Phase, now.Status.Reason)
		}
		return nil
	}
}

// Unwritten judges that nothing that the controller writes of the DaemonSet has
// changed since the state: the object itself, its revisions, which pods it has.
func Unwritten(before *history.State, name string) Condition {
	return func(s *history.State) error {
		was, now := before.DaemonSet(name), s.DaemonSet(name)
		if was.ResourceVersion != now.ResourceVersion {
			return fmt.Errorf("DaemonSet %s was written, its resourceVersion went from %s to %s", name, was.ResourceVersion, now.ResourceVersion)
		}
		revisions, pods := s.RevisionsOf(now), s.PodsOf(now)
		for i, cr := range before.RevisionsOf(was) {
			if len(revisions) <= i || revisions[i].ResourceVersion != cr.ResourceVersion {
				return fmt.Errorf("ControllerRevision %s was written", cr.Name)
			}
		}
		old := before.PodsOf(was)
		if len(pods) != len(old) {
			return fmt.Errorf("DaemonSet %s has %d pods, it had %d", name, len(pods), len(old))
		}
		var all []Condition
		for _, p := range old {
			all = append(all, Same(p))
		}
		return fleet.Every(all...)(s)
	}
}

// Gone judges that the pod's object is no longer there.
func Gone(pod *corev1.Pod) Condition {
	return func(s *history.State) error {
		if now := s.Pod(pod.Name); now != nil && now.UID == pod.UID {
			state := "nobody has deleted it"
			if now.DeletionTimestamp != nil {
				state = "it is terminating"
			}
			return fmt.Errorf("pod %s of node %s is still there: %s", pod.Name, oracle.TargetNode(pod), state)
		}
		return nil
	}
}

// Created lists the DaemonSet's pods as they were when they were created, in
// the order of their creation: what a watch delivered first, before a scheduler
// or kubelet wrote to them.
func Created(entries []history.Entry, ds *appsv1.DaemonSet) []*corev1.Pod {
	var out []*corev1.Pod
	for _, en := range history.Sorted(entries) {
		pod, ok := en.Object.(*corev1.Pod)
		if !ok || en.Change != history.Added {
			continue
		}
		if owner := metav1.GetControllerOfNoCopy(pod); owner != nil && owner.UID == ds.UID {
			out = append(out, pod)
		}
	}
	return out
}

package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// state is all that is decided from.
type state struct {
	ds    *appsv1.DaemonSet
	hash  string
	now   time.Time
	nodes []nodeState
	// astray are pods that wait for a node that is gone.
	astray []*corev1.Pod
}

// nodeState is a node and the DaemonSet's pods there.
type nodeState struct {
	name string
	fit
	// pod is the one that counts, ended or not; nil if there is none.
	pod *corev1.Pod
	// surplus are the others; ending are those on their way out already.
	surplus, ending []*corev1.Pod
}

func newState(ds *appsv1.DaemonSet, nodes []corev1.Node, pods []corev1.Pod, now time.Time) *state {
	s := &state{ds: ds, hash: templateHash(ds), now: now}
	byNode := map[string][]*corev1.Pod{}
	for i := range pods {
		name := targetOf(&pods[i])
		byNode[name] = append(byNode[name], &pods[i])
	}
	slices.SortFunc(nodes, func(a, b corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	for i := range nodes {
		n := nodeState{name: nodes[i].Name, fit: fits(ds, &nodes[i])}
		for _, pod := range slices.SortedFunc(slices.Values(byNode[n.name]), elder) {
			switch {
			case pod.DeletionTimestamp != nil:
				n.ending = append(n.ending, pod)
			case n.pod == nil:
				n.pod = pod
			default:
				n.surplus = append(n.surplus, pod)
			}
		}
		s.nodes = append(s.nodes, n)
		delete(byNode, n.name)
	}
	for _, left := range byNode {
		for _, pod := range left {
			// A bound one is the pod garbage collector's.
			if pod.Spec.NodeName == "" && pod.DeletionTimestamp == nil {
				s.astray = append(s.astray, pod)
			}
		}
	}
	return s
}

// elder sorts the pods of a node: bound before unbound, then the older first.
func elder(a, b *corev1.Pod) int {
	if (a.Spec.NodeName == "") != (b.Spec.NodeName == "") {
		return cmp.Compare(b.Spec.NodeName, a.Spec.NodeName)
	}
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
}

// manage gives the pods that are missing and those that should not be, whatever
// their template.
func (s *state) manage() (creates, deletes []*corev1.Pod) {
	deletes = append(deletes, s.astray...)
	for _, n := range s.nodes {
		deletes = append(deletes, n.surplus...)
		switch {
		case n.pod == nil && len(n.ending) == 0 && n.run:
			creates = append(creates, newPod(s.ds, n.name, s.hash))
		case n.pod != nil && (!n.stay || ended(n.pod)):
			deletes = append(deletes, n.pod)
		}
	}
	return creates, deletes
}

// roll gives the old pods that may go now. Those that are not available cost
// nothing; the others may go as long as maxUnavailable nodes have none.
func (s *state) roll() ([]*corev1.Pod, error) {
	var limit intstr.IntOrString
	if rolling := s.ds.Spec.UpdateStrategy.RollingUpdate; rolling != nil && rolling.MaxUnavailable != nil {
		limit = *rolling.MaxUnavailable
	}
	status := s.status()
	budget, err := intstr.GetScaledValueFromIntOrPercent(&limit, int(status.DesiredNumberScheduled), true)
	if err != nil {
		return nil, fmt.Errorf("read maxUnavailable: %w", err)
	}
	budget -= int(status.NumberUnavailable)
	var deletes []*corev1.Pod
	for _, n := range s.nodes {
		switch {
		case n.pod == nil || !n.stay || ended(n.pod) || s.updated(n.pod):
		case !s.available(n.pod):
			deletes = append(deletes, n.pod)
		case budget > 0:
			budget--
			deletes = append(deletes, n.pod)
		}
	}
	return deletes, nil
}

// status counts.
func (s *state) status() appsv1.DaemonSetStatus {
	status := appsv1.DaemonSetStatus{
		ObservedGeneration: s.ds.Generation,
		// Not ours, and not to be lost.
		CollisionCount: s.ds.Status.CollisionCount, Conditions: s.ds.Status.Conditions,
	}
	for _, n := range s.nodes {
		if !n.run {
			if n.pod != nil {
				status.NumberMisscheduled++
			}
			continue
		}
		status.DesiredNumberScheduled++
		if n.pod == nil {
			continue
		}
		status.CurrentNumberScheduled++
		if s.updated(n.pod) {
			status.UpdatedNumberScheduled++
		}
		if isReady(n.pod) {
			status.NumberReady++
		}
		if s.available(n.pod) {
			status.NumberAvailable++
		}
	}
	status.NumberUnavailable = status.DesiredNumberScheduled - status.NumberAvailable
	return status
}

// nextAvailable is how long it takes until a pod has been ready for long
// enough: nothing changes then that could be watched.
func (s *state) nextAvailable() time.Duration {
	var next time.Duration
	for _, n := range s.nodes {
		if n.pod == nil || !isReady(n.pod) || s.available(n.pod) {
			continue
		}
		if left := s.availableAt(n.pod).Sub(s.now); next == 0 || left < next {
			next = left
		}
	}
	return next
}

func (s *state) updated(pod *corev1.Pod) bool { return pod.Labels[hashLabel] == s.hash }

func (s *state) available(pod *corev1.Pod) bool {
	return isReady(pod) && !s.now.Before(s.availableAt(pod))
}

func (s *state) availableAt(pod *corev1.Pod) time.Time {
	return readySince(pod).Add(time.Duration(s.ds.Spec.MinReadySeconds) * time.Second)
}

package fleet

import (
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
)

// Each judges every entry of the spec's log, in the order in which the changes
// were committed, with the state after it; the first that fails is named. It is
// for what must hold at every instant, which no look at single moments proves.
func Each(e *framework.Env, judge func(s *history.State, en history.Entry) error) error {
	return EachOf(e.Namespace, e.History.Entries(), judge)
}

// EachOf is Each over the entries given.
func EachOf(namespace string, entries []history.Entry, judge func(s *history.State, en history.Entry) error) error {
	s := history.NewState(namespace)
	for _, en := range history.Sorted(entries) {
		s.Apply(en)
		if err := judge(s, en); err != nil {
			return fmt.Errorf("%w (entry %s)", err, en)
		}
	}
	return nil
}

// Work tells the changes a controller's work consists of from those by which
// kubelets tell of pods: it leaves out changes of pods that stay.
func Work(namespace string) func(history.Entry) bool {
	return func(en history.Entry) bool {
		if en.Namespace != namespace {
			return false
		}
		switch en.Kind {
		case history.KindDaemonSet, history.KindControllerRevision:
			return true
		case history.KindPod:
			return en.Change == history.Added || en.Change == history.Deleted
		case history.KindNode, history.KindEvent, history.KindAction:
			return false
		}
		return false
	}
}

// ReadySince is since when the pod is ready, by its own condition; the zero
// time if it is not ready.
func ReadySince(pod *corev1.Pod) time.Time {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

// Marked tells whether the entry is the first that shows the pod being deleted,
// by its mark or, where the mark was never seen, by its end.
func Marked(before *corev1.Pod, en history.Entry) bool {
	pod, ok := en.Object.(*corev1.Pod)
	if !ok || before != nil && before.DeletionTimestamp != nil {
		return false
	}
	return en.Change == history.Deleted || pod.DeletionTimestamp != nil
}

// EachMark judges every moment at which a pod of the fleet is marked for
// deletion: the entry, the state before it, and the node.
func (f *Fleet) EachMark(namespace string, entries []history.Entry, judge func(before *history.State, en history.Entry, node string) error) error {
	s := history.NewState(namespace)
	for _, en := range history.Sorted(entries) {
		for _, node := range f.Nodes() {
			if own := f.Pods[node]; en.Kind == history.KindPod && en.UID == own.UID && Marked(s.Pod(own.Name), en) {
				s.SetNow(en.Time)
				if err := judge(s, en, node); err != nil {
					return fmt.Errorf("%w (entry %s)", err, en)
				}
			}
		}
		s.Apply(en)
	}
	return nil
}

// Ever are the names of all pods that ever were of the revision, sorted.
func Ever(entries []history.Entry, hash string) []string {
	names := map[string]bool{}
	for _, en := range entries {
		if pod, ok := en.Object.(*corev1.Pod); ok && HashOf(pod) == hash {
			names[pod.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

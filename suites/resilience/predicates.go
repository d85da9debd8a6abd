package resilience

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
)

// newest is the number of the last entry of the spec's log.
func newest(e *framework.Env) int64 {
	last := int64(0)
	for _, en := range e.History.Entries() {
		last = max(last, en.Seq)
	}
	return last
}

// untouched judges that, after the entry of that number, no pod and no revision
// of the DaemonSet was made or deleted, nor marked for deletion.
func untouched(ds *appsv1.DaemonSet, after int64) func(entries []history.Entry) error {
	return func(entries []history.Entry) error {
		for _, en := range entries {
			if en.Seq <= after || en.Kind != history.KindPod && en.Kind != history.KindControllerRevision {
				continue
			}
			o, ok := en.Object.(metav1.Object)
			if !ok || !metav1.IsControlledBy(o, ds) {
				continue
			}
			if en.Change == history.Added || en.Change == history.Deleted || o.GetDeletionTimestamp() != nil {
				return fmt.Errorf("entry %s", en)
			}
		}
		return nil
	}
}

// unobserved judges that no controller has looked at the DaemonSet yet.
func unobserved(s *history.State, name string) error {
	ds := s.DaemonSet(name)
	switch {
	case ds == nil:
		return fmt.Errorf("DaemonSet %s is not there", name)
	case ds.Status.ObservedGeneration != 0:
		return fmt.Errorf("DaemonSet %s, made while the controller was stopped, was observed all the same: another controller is at work", name)
	case len(s.PodsOf(ds)) > 0:
		return fmt.Errorf("DaemonSet %s, made while the controller was stopped, has pods all the same: another controller is at work", name)
	}
	return nil
}

// podless judges that the DaemonSet and its pods are gone.
func podless(ds *appsv1.DaemonSet) func(*history.State) error {
	return func(s *history.State) error {
		if left := s.PodsOf(ds); len(left) > 0 {
			return fmt.Errorf("pod %s of the deleted DaemonSet %s is still there", left[0].Name, ds.Name)
		}
		return nil
	}
}

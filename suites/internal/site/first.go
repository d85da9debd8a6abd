package site

import (
	"fmt"

	"github.com/dsconform/dsconform/framework/history"
)

// FirstPlaced gives the picture as it was when the DaemonSet first had a pod for
// the node, and the entry that showed the pod.
func FirstPlaced(entries []history.Entry, namespace, daemonSet, node string) (*history.State, history.Entry, error) {
	s := history.NewState(namespace)
	for _, en := range history.Sorted(entries) {
		s.Apply(en)
		if ds := s.DaemonSet(daemonSet); ds != nil && en.Kind == history.KindPod && One(s, ds, node) != nil {
			return s, en, nil
		}
	}
	return nil, history.Entry{}, fmt.Errorf("DaemonSet %s never had a pod for node %s", daemonSet, node)
}

package fleet

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
)

// Progress judges how far the rollout to ds has come from this fleet: on
// exactly replaced nodes one pod of the current revision stands alone, on
// exactly surged nodes such a pod stands beside the fleet's own, and on all
// others the fleet's own pod stands alone. Anything else, a node without a live
// pod too, speaks against it.
func (f *Fleet) Progress(ds *appsv1.DaemonSet, replaced, surged int) func(*history.State) error {
	return func(s *history.State) error {
		now, hash, err := Current(s, ds)
		if err != nil {
			return err
		}
		var done, beside, kept []string
		for _, node := range f.Nodes() {
			own, fresh, err := f.split(On(s, now, node), node, hash)
			switch {
			case err != nil:
				return err
			case own && fresh == 1:
				beside = append(beside, node)
			case own && fresh == 0:
				kept = append(kept, node)
			case !own && fresh == 1:
				done = append(done, node)
			default:
				return fmt.Errorf("node %s has %d live pods of the current revision %s and not its old pod %s",
					node, fresh, hash, f.Pods[node].Name)
			}
		}
		if len(done) != replaced || len(beside) != surged {
			return fmt.Errorf("the pods of %d nodes are replaced [%s] and of %d nodes doubled [%s], the old ones stand alone on [%s]; want exactly %d replaced and %d doubled",
				len(done), strings.Join(done, " "), len(beside), strings.Join(beside, " "), strings.Join(kept, " "), replaced, surged)
		}
		return nil
	}
}

// split tells whether the fleet's own pod of the node is among the live ones,
// and counts those of the current revision. A pod that is neither is an error.
func (f *Fleet) split(live []*corev1.Pod, node, hash string) (own bool, fresh int, err error) {
	for _, pod := range live {
		switch {
		case pod.UID == f.Pods[node].UID:
			own = true
		case HashOf(pod) == hash:
			fresh++
		default:
			return false, 0, fmt.Errorf("pod %s on node %s is of revision %q, which is neither the old pod %s nor of the current revision %q",
				pod.Name, node, HashOf(pod), f.Pods[node].Name, hash)
		}
	}
	return own, fresh, nil
}

// Kept judges that the fleet's pods of the nodes, or of all nodes if none are
// named, are still the live pods there: same UID, same revision label.
func (f *Fleet) Kept(nodes ...string) func(*history.State) error {
	if len(nodes) == 0 {
		nodes = f.Nodes()
	}
	return func(s *history.State) error {
		for _, node := range nodes {
			was := f.Pods[node]
			now := s.Pod(was.Name)
			switch {
			case now == nil || now.UID != was.UID:
				return fmt.Errorf("pod %s of node %s is gone", was.Name, node)
			case now.DeletionTimestamp != nil:
				return fmt.Errorf("pod %s of node %s is being deleted", was.Name, node)
			case HashOf(now) != HashOf(was):
				return fmt.Errorf("pod %s of node %s changed its revision label from %q to %q", was.Name, node, HashOf(was), HashOf(now))
			}
		}
		return nil
	}
}

// Alone judges that the DaemonSet has no live pods but the fleet's own.
func (f *Fleet) Alone() func(*history.State) error {
	return func(s *history.State) error {
		if err := f.Kept()(s); err != nil {
			return err
		}
		if strangers := f.Fresh(s); len(strangers) > 0 {
			return fmt.Errorf("there are %d further pods, the first is %s", len(strangers), strangers[0].Name)
		}
		return nil
	}
}

// Fresh are the DaemonSet's live pods that are not the fleet's own.
func (f *Fleet) Fresh(s *history.State) []*corev1.Pod {
	return slices.DeleteFunc(Live(s, s.DaemonSet(f.Name)), func(p *corev1.Pod) bool {
		return slices.ContainsFunc(f.All(), func(own *corev1.Pod) bool { return own.UID == p.UID })
	})
}

// Standing are the nodes on which the fleet's own pod is still live.
func (f *Fleet) Standing(s *history.State) []string {
	return slices.DeleteFunc(f.Nodes(), func(node string) bool { return f.Kept(node)(s) != nil })
}

// Revisions gives the names of the DaemonSet's ControllerRevisions, lowest revision first.
func Revisions(s *history.State, ds *appsv1.DaemonSet) []string {
	var names []string
	for _, cr := range s.RevisionsOf(ds) {
		names = append(names, cr.Name)
	}
	return names
}

// SameRevisions judges that the DaemonSet's ControllerRevisions are exactly those named.
func SameRevisions(ds *appsv1.DaemonSet, want []string) func(*history.State) error {
	return func(s *history.State) error {
		if got := Revisions(s, ds); !slices.Equal(got, want) {
			return fmt.Errorf("the ControllerRevisions are %v, not %v", got, want)
		}
		return nil
	}
}

package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// Fleet is a DaemonSet's pods as they stood at one moment, one on each node.
type Fleet struct {
	// Name is the DaemonSet's.
	Name string
	// Hash is the revision of all the pods.
	Hash string
	// Pods are the pods by the node they are for.
	Pods map[string]*corev1.Pod
}

// Nodes are the fleet's nodes, sorted.
func (f *Fleet) Nodes() []string { return slices.Sorted(maps.Keys(f.Pods)) }

// All are the fleet's pods, by their nodes.
func (f *Fleet) All() []*corev1.Pod {
	var pods []*corev1.Pod
	for _, node := range f.Nodes() {
		pods = append(pods, f.Pods[node])
	}
	return pods
}

// Deploy creates the DaemonSet and waits until it is rolled out, with the gates
// of its pods opened. Where its next rollout surges, its pods are older by then
// than those that come beside them, for the older one of a node is the one that counts.
func Deploy(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet) *Fleet {
	f := AwaitRollout(ctx, e, e.CreateDaemonSet(ctx, ds))
	if oracle.Surges(ds) {
		f.age(ctx, e)
	}
	return f
}

// AwaitRollout waits until the DaemonSet, at least of the generation given, is
// rolled out, and gives its pods. The gates of a gated DaemonSet are opened once
// each eligible node has its pod.
func AwaitRollout(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet) *Fleet {
	if isGated(ds.Spec.Template.Spec) {
		AwaitPlacement(ctx, e, ds)
		OpenAll(ctx, e, ds.Name)
	}
	e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(len(e.Nodes)),
		"every eligible node has exactly one pod of the current revision, all are available, and the status says so", RolledOut(ds))
	return taken(ctx, e, ds.Name)
}

// AwaitPlacement waits until each eligible node has its one pod of the current
// revision, ready or not, and gives these pods.
func AwaitPlacement(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet) *Fleet {
	e.BecomesFor(ctx, ds.Name, e.Timeouts.RolloutOf(len(e.Nodes)),
		"every eligible node has exactly one pod of the current revision", Placed(ds))
	return taken(ctx, e, ds.Name)
}

// taken is Take once the log has the current revision too, if there is one: with
// no eligible node nobody had to wait for it, and its watch may trail.
func taken(ctx context.Context, e *framework.Env, name string) *Fleet {
	s := e.History.State()
	if _, err := oracle.CurrentRevision(s, s.DaemonSet(name)); err != nil {
		e.CatchUp(ctx, "for the revisions of DaemonSet %s", name)
	}
	return Take(e, name)
}

// Take gives the pods of the DaemonSet that stand now, without the terminating ones.
func Take(e *framework.Env, name string) *Fleet { return Of(e.History.State(), name) }

// Of gives the pods of the DaemonSet in the state, without the terminating ones.
func Of(s *history.State, name string) *Fleet {
	f := &Fleet{Name: name, Pods: map[string]*corev1.Pod{}}
	ds := s.DaemonSet(name)
	if ds == nil {
		return f
	}
	for _, pod := range Live(s, ds) {
		f.Pods[oracle.TargetNode(pod)] = pod
		f.Hash = HashOf(pod)
	}
	return f
}

// Gone judges that the object of none of the fleet's pods is left.
func (f *Fleet) Gone(s *history.State) error {
	for _, node := range f.Nodes() {
		if now := s.Pod(f.Pods[node].Name); now != nil && now.UID == f.Pods[node].UID {
			return fmt.Errorf("pod %s on %s is still there (phase %s)", now.Name, node, now.Status.Phase)
		}
	}
	return nil
}

// HashOf is the revision that the pod says it is of.
func HashOf(pod *corev1.Pod) string { return pod.Labels[appsv1.ControllerRevisionHashLabelKey] }

// Live are the DaemonSet's pods that neither terminate nor have ended.
func Live(s *history.State, ds *appsv1.DaemonSet) []*corev1.Pod {
	if ds == nil {
		return nil
	}
	return slices.DeleteFunc(s.PodsOf(ds), func(p *corev1.Pod) bool {
		return oracle.Terminating(p) || oracle.Terminal(p)
	})
}

// On are the live pods of the DaemonSet that are for the node.
func On(s *history.State, ds *appsv1.DaemonSet, node string) []*corev1.Pod {
	return slices.DeleteFunc(Live(s, ds), func(p *corev1.Pod) bool { return oracle.TargetNode(p) != node })
}

// RolledOut judges that the DaemonSet, at least of the generation given, is rolled out.
func RolledOut(ds *appsv1.DaemonSet) func(*history.State) error {
	return func(s *history.State) error {
		now, err := AtLeast(s, ds)
		if err != nil {
			return err
		}
		return oracle.RolledOut(s, now)
	}
}

// Placed judges that each eligible node has one pod and that all are of the
// current revision.
func Placed(ds *appsv1.DaemonSet) func(*history.State) error {
	return func(s *history.State) error {
		now, hash, err := Current(s, ds)
		if err != nil {
			return err
		}
		if err := oracle.Placement(s, now); err != nil {
			return err
		}
		for _, pod := range Live(s, now) {
			if HashOf(pod) != hash {
				return fmt.Errorf("pod %s on %s is of revision %q; the current one is %q", pod.Name, oracle.TargetNode(pod), HashOf(pod), hash)
			}
		}
		return nil
	}
}

// AtLeast gives the recorded DaemonSet once it is of the generation given, or a later one.
func AtLeast(s *history.State, ds *appsv1.DaemonSet) (*appsv1.DaemonSet, error) {
	now := s.DaemonSet(ds.Name)
	switch {
	case now == nil:
		return nil, fmt.Errorf("DaemonSet %s is not there", ds.Name)
	case now.UID != ds.UID:
		return nil, fmt.Errorf("DaemonSet %s is another one (UID %s, not %s)", ds.Name, now.UID, ds.UID)
	case now.Generation < ds.Generation:
		return nil, fmt.Errorf("DaemonSet %s is recorded at generation %d; generation %d has not arrived yet", ds.Name, now.Generation, ds.Generation)
	}
	return now, nil
}

// Current gives the recorded DaemonSet, at least of the generation given, and
// the hash that its pods of the present template carry.
func Current(s *history.State, ds *appsv1.DaemonSet) (*appsv1.DaemonSet, string, error) {
	now, err := AtLeast(s, ds)
	if err != nil {
		return nil, "", err
	}
	hash, err := oracle.CurrentHash(s, now)
	if err != nil {
		return nil, "", err
	}
	return now, hash, nil
}

// Every judges by all the predicates; what stands against any of them is said together.
func Every(conditions ...func(*history.State) error) func(*history.State) error {
	return func(s *history.State) error {
		var problems []error
		for _, c := range conditions {
			problems = append(problems, c(s))
		}
		return errors.Join(problems...)
	}
}

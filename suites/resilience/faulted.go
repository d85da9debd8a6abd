package resilience

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// name is what the specs call their DaemonSet.
const name = "agent"

// The resources a DaemonSet controller writes and reads.
const (
	pods      = "pods"
	nodes     = "nodes"
	sets      = "daemonsets"
	status    = "daemonsets/status"
	revisions = "controllerrevisions"
)

// writes matches the controller's writes in the spec's namespace. Its events are
// left out: they are sent aside of its work, and none of it hangs on them.
func writes(e *framework.Env) faults.Match {
	return faults.Writes(e.Namespace, pods, status, revisions)
}

// creates matches what makes new objects of the resources in the spec's namespace.
func creates(e *framework.Env, resources ...string) faults.Match {
	return faults.Match{Verbs: []string{"create"}, Resources: resources, Namespace: e.Namespace}
}

// deletes matches the deletion of pods in the spec's namespace.
func deletes(e *framework.Env) faults.Match {
	return faults.Match{Verbs: []string{"delete"}, Resources: []string{pods}, Namespace: e.Namespace}
}

// everyWatch matches all that the controller watches.
func everyWatch() faults.Match { return faults.Watch(pods, nodes, sets, revisions) }

// atRest judges that the DaemonSet is rolled out and stays so.
func atRest(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet) *fleet.Fleet {
	last := fleet.AwaitRollout(ctx, e, ds)
	// A pod that terminates may still count, as misscheduled for one, and its end
	// takes the status a moment to follow.
	e.BecomesFor(ctx, ds.Name, e.Timeouts.PodReady, "it is rolled out, and no pod of it terminates any more", fleet.Every(fleet.RolledOut(ds), noneTerminates(ds)))
	e.Stays(ctx, "DaemonSet "+ds.Name+" stays rolled out, with one pod on each node", nil, fleet.RolledOut(ds))
	return last
}

// noneTerminates judges that no pod of the DaemonSet is on its way out.
func noneTerminates(ds *appsv1.DaemonSet) func(*history.State) error {
	return func(s *history.State) error {
		for _, pod := range s.PodsOf(ds) {
			if oracle.Terminating(pod) {
				return fmt.Errorf("pod %s still terminates", pod.Name)
			}
		}
		return nil
	}
}

// single judges every entry of the log: no node ever has two live pods of the DaemonSet.
func single(ds *appsv1.DaemonSet, on []string) func(*history.State, history.Entry) error {
	return func(s *history.State, _ history.Entry) error {
		for _, node := range on {
			if live := fleet.On(s, ds, node); len(live) > 1 {
				return fmt.Errorf("node %s has %d live pods of DaemonSet %s: %s and %s", node, len(live), ds.Name, live[0].Name, live[1].Name)
			}
		}
		return nil
	}
}

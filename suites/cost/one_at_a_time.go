package cost

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// held is how long the create is under way: many times what a look takes.
const held = 8 * time.Second

func oneAtATime() framework.Spec {
	return framework.Spec{
		ID: "DS-CST-012", Area: framework.Cost, Title: "one DaemonSet is worked on by one at a time", Level: framework.Extended, Serial: true,
		Behaviour: "While the controller is at work on a DaemonSet it MUST NOT begin another look at the same one: nothing is created for it or written about it meanwhile, however often it changes, and other DaemonSets are served all the same.",
		Clauses:   []string{"kube-controller-manager --concurrent-daemonset-syncs", "client-go workqueue: a key that is being processed is not handed out again"},
		Why: "Two workers that hold one DaemonSet see the same node without a pod, and both make one; the status that is written last is that of the slower one. " +
			"A create takes eight seconds here, on its way to the API server, while the DaemonSet is changed three times.",
		Needs: []framework.Ability{framework.InjectFaults},
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			creates := faults.Match{Verbs: []string{"create"}, Resources: []string{"pods"}, Namespace: e.Namespace}
			e.SetFault(ctx, faults.Rule{Name: "creates-slow", Match: creates, Effect: faults.Slow, For: held, Times: 1})
			e.SetFault(ctx, faults.Rule{Name: "creates", Match: creates, Effect: faults.Count})
			ds := e.CreateDaemonSet(ctx, e.DaemonSet(name))
			e.AwaitHits(ctx, e.Timeouts.Placement, "creates-slow", 1, "the controller creates the node's pod")
			for look := range 3 {
				fleet.Touch(ctx, e, name, fmt.Sprint(look))
			}
			last := fleet.Update(ctx, e, name, fleet.HistoryLimit(3))
			witness := e.CreateDaemonSet(ctx, e.DaemonSet("witness", fleet.Nowhere(e)))
			e.BecomesFor(ctx, "witness", held+e.Timeouts.Placement, "the controller looks at another DaemonSet", fleet.Observed(witness))
			fleet.AwaitRollout(ctx, e, last)
			e.That(e.Hits(ctx, "creates") == 1, "one pod is created for the one node", "%d were", e.Hits(ctx, "creates"))
			e.Check(unwrittenTillCreated(e.History.Entries(), ds, "0"), "nothing is written about DaemonSet %s while its pod is being created", name)
		},
	}
}

// unwrittenTillCreated judges that between the touch of the value and the
// DaemonSet's first pod no status of it was written.
func unwrittenTillCreated(entries []history.Entry, ds *appsv1.DaemonSet, touch string) error {
	s := history.NewState(ds.Namespace)
	touched := false
	for _, en := range history.Sorted(entries) {
		before := s.DaemonSet(ds.Name)
		s.Apply(en)
		if len(s.PodsOf(ds)) > 0 {
			if !touched {
				return fmt.Errorf("the pod came before the first change: the spec judges nothing (entry %s)", en)
			}
			return nil
		}
		now, ok := en.Object.(*appsv1.DaemonSet)
		if !ok || now.UID != ds.UID || before == nil {
			continue
		}
		if touched && !equality.Semantic.DeepEqual(before.Status, now.Status) {
			return fmt.Errorf("its status was written (entry %s)", en)
		}
		touched = touched || now.Annotations["dsconform.dev/touched"] == touch
	}
	return fmt.Errorf("DaemonSet %s never had a pod", ds.Name)
}

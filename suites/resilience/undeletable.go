package resilience

import (
	"context"
	"fmt"
	"net/http"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func undeletable() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-014",
		Area:      framework.Resilience,
		Title:     "a pod that cannot be deleted holds nobody else up",
		Behaviour: "Deletions that are refused for good MUST NOT keep the controller from creating the pods of other nodes, and MUST be tried again.",
		Clauses:   []string{"pkg/controller/daemon syncNodes: creates and deletes are tried side by side, and their errors gathered"},
		Level:     framework.Extended,
		Why: "An admission webhook that guards a node's pods, or is broken, refuses deletions for hours. A controller that stops at the first error " +
			"leaves all nodes without their agent that come after it in its list. Here every deletion is refused while the DaemonSet moves to another node.",
		Needs:  []framework.Ability{framework.InjectFaults},
		Nodes:  framework.NodeNeed{Workers: 2},
		Serial: true,
		Body: func(ctx context.Context, e *framework.Env) {
			left, entered := e.Nodes[0], e.Nodes[1]
			zone := e.Key("zone")
			e.LabelNode(ctx, left, zone, "in")
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.NodeSelector(zone, "in")))
			ds := e.History.State().DaemonSet(name)
			e.SetFault(ctx, faults.Rule{Name: "undeletable", Match: deletes(e), Effect: faults.Refuse, Code: http.StatusForbidden})
			e.UnlabelNode(ctx, left, zone)
			e.LabelNode(ctx, entered, zone, "in")
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the entered node has its pod, though that of the other node cannot be deleted", hasOne(ds, entered))
			e.AwaitHits(ctx, e.Timeouts.Placement, "undeletable", 3, "the controller tries again to delete the pod of the node that was left")
			e.Holds(ctx, old.Kept(left), "the pod that cannot be deleted stands")
			e.LiftFault(ctx, "undeletable")
			now := atRest(ctx, e, ds)
			e.That(len(now.Pods) == 1 && now.Pods[entered] != nil, "only the entered node has a pod in the end", "the pods are on %v", now.Nodes())
		},
	}
}

// hasOne judges that the node has one live pod of the DaemonSet, whatever others have.
func hasOne(ds *appsv1.DaemonSet, node string) func(*history.State) error {
	return func(s *history.State) error {
		if site.One(s, ds, node) == nil {
			return fmt.Errorf("node %s has no live pod of DaemonSet %s, or more than one", node, ds.Name)
		}
		return nil
	}
}

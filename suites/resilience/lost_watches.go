package resilience

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
)

func lostWatches() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-012",
		Area:      framework.Resilience,
		Title:     "watches that break and lists that must be read anew",
		Behaviour: "Watches that are closed, or end with 410 Gone, MUST be survived: what changed meanwhile (pods deleted, nodes that now match, a new template) is acted on once the controller has listed anew, with no node missed and no pod doubled.",
		Clauses:   []string{"API concepts: 410 Gone, start a new list", "client-go reflector and its tombstones"},
		Level:     framework.Extended,
		Why: "Every watch ends within the hour, and after a compaction of etcd it cannot be taken up where it ended: the deletion of a pod, or a node that was relabelled, then shows in no event, but only in that " +
			"the list is another. A controller that lives by events alone misses it and leaves the node without its agent for good. " +
			"The spec loses all changes of all watches, makes such changes, and ends the watches with 410.",
		Needs:  []framework.Ability{framework.InjectFaults},
		Nodes:  framework.NodeNeed{Workers: 3},
		Serial: true,
		Body: func(ctx context.Context, e *framework.Env) {
			zone := e.Key("zone")
			kept, emptied, entered := e.Nodes[0], e.Nodes[1], e.Nodes[2]
			e.LabelNode(ctx, kept, zone, "in")
			e.LabelNode(ctx, emptied, zone, "in")
			placed := fleet.Deploy(ctx, e, e.DaemonSet("placed", fleet.NodeSelector(zone, "in")))
			fleet.Deploy(ctx, e, e.DaemonSet("rolled"))

			e.SetFault(ctx, faults.Rule{Name: "all-lost", Match: everyWatch(), Effect: faults.Drop})
			e.DeletePod(ctx, placed.Pods[emptied], metav1.DeleteOptions{})
			e.BecomesFor(ctx, "placed", e.Timeouts.PodReady, "the deleted pod is gone", site.Gone(placed.Pods[emptied]))
			e.LabelNode(ctx, entered, zone, "in")
			rolled := fleet.Update(ctx, e, "rolled", fleet.Template("new"))
			// A mark and an end of the pod, a node, a DaemonSet at the least.
			e.AwaitHits(ctx, e.Timeouts.Placement, "all-lost", 4, "the changes come by way of the proxy")
			e.LiftFault(ctx, "all-lost")
			now := atRest(ctx, e, e.History.State().DaemonSet("placed"))
			e.That(len(now.Pods) == 3 && now.Pods[kept].UID == placed.Pods[kept].UID,
				"the emptied and the entered node have new pods, and the third has its old one", "the pods are on %v, that of %s is %s", now.Nodes(), kept, now.Pods[kept].Name)
			atRest(ctx, e, rolled)

			for i, effect := range []faults.Effect{faults.Close, faults.Expire} {
				rule := faults.Rule{Name: "all-" + string(effect), Match: everyWatch(), Effect: effect, Times: 4}
				e.SetFault(ctx, rule)
				e.AwaitHits(ctx, e.Timeouts.Placement, rule.Name, 4, "the controller watches pods, nodes, DaemonSets and ControllerRevisions")
				next := fleet.Update(ctx, e, "rolled", fleet.Template(fmt.Sprint(i)))
				if effect == faults.Close {
					e.UnlabelNode(ctx, entered, zone)
				} else {
					e.LabelNode(ctx, entered, zone, "in")
				}
				atRest(ctx, e, next)
				atRest(ctx, e, e.History.State().DaemonSet("placed"))
				e.LiftFault(ctx, rule.Name)
			}
			for _, ds := range []*appsv1.DaemonSet{rolled, e.History.State().DaemonSet("placed")} {
				e.Check(fleet.Each(e, single(ds, e.Nodes)), "no node ever has two live pods of DaemonSet %s", ds.Name)
			}
		},
	}
}

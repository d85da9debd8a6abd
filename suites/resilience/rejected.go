package resilience

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// neighbours are more DaemonSets than a controller has workers by default.
const neighbours = 5

func neighbourRejected() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-013",
		Area:      framework.Resilience,
		Title:     "a DaemonSet whose pods are all rejected starves no other",
		Behaviour: "While every pod of one DaemonSet is rejected by admission, other DaemonSets MUST be created, rolled out and updated as if it were not there.",
		Clauses:   []string{"pkg/controller/daemon: one queue key for each DaemonSet, and failed ones wait ever longer"},
		Level:     framework.Core,
		Why: "A quota, a missing service account or a policy can reject one DaemonSet's pods for weeks. A controller that tries them again without a pause, " +
			"or in the place of all others, lets one team's mistake stop everybody's node agents. Here the rejected one names a service account that does not exist.",
		Refuses: true,
		Nodes:   framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			e.CreateDaemonSet(ctx, e.DaemonSet("rejected", func(ds *appsv1.DaemonSet) {
				ds.Spec.Template.Spec.ServiceAccountName = "nobody"
			}))
			e.BecomesFor(ctx, "rejected", e.Timeouts.Placement, "the controller has tried and says why it failed", func(s *history.State) error {
				for _, event := range s.EventsFor("DaemonSet", "rejected") {
					if event.Type == corev1.EventTypeWarning {
						return nil
					}
				}
				return fmt.Errorf("there is no Warning about DaemonSet rejected")
			})
			var healthy []*appsv1.DaemonSet
			for i := range neighbours {
				healthy = append(healthy, e.CreateDaemonSet(ctx, e.DaemonSet(fmt.Sprintf("healthy-%d", i))))
			}
			for _, ds := range healthy {
				fleet.AwaitRollout(ctx, e, ds)
			}
			for i, ds := range healthy {
				healthy[i] = e.SetImage(ctx, ds.Name, "agent:v2")
			}
			for _, ds := range healthy {
				fleet.AwaitRollout(ctx, e, ds)
			}
			rejected := e.History.State().DaemonSet("rejected")
			e.That(len(e.History.State().PodsOf(rejected)) == 0, "the rejected DaemonSet has no pods all the while", "it has some: the spec has judged nothing")
		},
	}
}

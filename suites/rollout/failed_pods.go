package rollout

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

func failedPods() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-018",
		Area:      framework.RollingUpdate,
		Title:     "Failed pods do not hold the rollout up elsewhere",
		Behaviour: "A node whose pods fail one after the other MUST NOT keep the rollout from going on, within maxUnavailable, on the other nodes.",
		Clauses:   []string{fieldMaxDown, "kubernetes issues 63465, 78170", sourceRolling},
		Level:     framework.Core,
		Why: "One sick node is an everyday state. Before 1.16 the controller ended its look at the DaemonSet with an error whenever it had deleted a Failed pod, and never came to the rolling step: " +
			"the whole cluster stayed at the old release for as long as one node rejected pods. The sick node uses one of the two that may be down; the other is left for the rollout.",
		Nodes: framework.NodeNeed{Workers: 2},
		Slow:  true,
		Body: func(ctx context.Context, e *framework.Env) {
			sick, sound := e.Nodes[0], e.Nodes[1]
			created := e.CreateDaemonSet(ctx, e.DaemonSet(name, unbound.Scheduler, fleet.MaxUnavailable("2")))
			unbound.Ready(ctx, e, unbound.Await(ctx, e, created, sound))
			unbound.FailAgain(ctx, e, created, sick, 2)
			old := unbound.Await(ctx, e, created, sound)

			ds := fleet.Update(ctx, e, name, fleet.Template("2"))
			acted, failed := map[types.UID]bool{}, 0
			for done := false; !done; {
				var next *corev1.Pod
				e.BecomesFor(ctx, name, e.Timeouts.Placement, "node "+sound+" comes to run the new template, while the pods of node "+sick+" fail", func(s *history.State) error {
					if done = renewed(s, sound, old.UID) == nil; done {
						return nil
					}
					next = unserved(s, sick, acted)
					// The sound node's pod becomes ready only once the sick one's has failed.
					if next == nil || failed == 0 && oracle.TargetNode(next) != sick {
						return renewed(s, sound, old.UID)
					}
					return nil
				})
				switch {
				case done:
				case oracle.TargetNode(next) == sick:
					acted[next.UID], failed = true, failed+1
					unbound.Fail(ctx, e, next, "OutOfcpu")
				default:
					acted[next.UID] = true
					unbound.Ready(ctx, e, next)
				}
			}
			// The node recovers; an edit ends the wait that its failures have brought.
			fleet.Update(ctx, e, name, fleet.HistoryLimit(3))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "node "+sick+" has a live pod of the new template", func(s *history.State) error {
				return renewedBy(s, sick, func(*corev1.Pod) bool { return true })
			})
			unbound.Ready(ctx, e, unbound.Await(ctx, e, ds, sick))
			fleet.AwaitRollout(ctx, e, ds)
		},
	}
}

// renewed judges that the node has one ready pod, and not the old one.
func renewed(s *history.State, node string, old types.UID) error {
	return renewedBy(s, node, func(p *corev1.Pod) bool { return p.UID != old && oracle.Ready(p) })
}

func renewedBy(s *history.State, node string, ok func(*corev1.Pod) bool) error {
	live := fleet.On(s, s.DaemonSet(name), node)
	if len(live) != 1 {
		return fmt.Errorf("node %s has %d live pods", node, len(live))
	}
	if !ok(live[0]) {
		return errors.New("pod " + live[0].Name + " of node " + node + " is the old one, or not ready")
	}
	return nil
}

// unserved gives a live pod that the spec has not acted on yet and must: any of
// the sick node, and then of the others those that are not ready.
func unserved(s *history.State, sick string, acted map[types.UID]bool) *corev1.Pod {
	var other *corev1.Pod
	for _, p := range fleet.Live(s, s.DaemonSet(name)) {
		switch {
		case acted[p.UID]:
		case oracle.TargetNode(p) == sick:
			return p
		case !oracle.Ready(p):
			other = p
		}
	}
	return other
}

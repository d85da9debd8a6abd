package podlife

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// formerPodIgnored: a name is not an identity.
func formerPodIgnored() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-020", Area: framework.PodLife, Title: "a pod of a former DaemonSet of the same name", Level: framework.Core,
		Behaviour: "A pod whose owner is a DaemonSet that is gone MUST NOT be taken for one of its namesake: the new DaemonSet gets its pod beside it, and counts that one alone.",
		Clauses:   []string{"concepts/overview/working-with-objects/names: UIDs distinguish between historical occurrences of similar entities", "pkg/controller/daemon resolveControllerRef"},
		Why: "A finalizer keeps the former DaemonSet's pod after its containers have ended. A controller that knows owners by their names waits for that pod to go before it makes one, " +
			"or counts it, so that the node goes without its daemon for as long as the finalizer stays.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			held(ctx, e)
			former := podOn(e, e.Nodes[0])
			e.DeleteDaemonSet(ctx, "agent", metav1.DeletePropagationBackground)
			stands := func(s *history.State) error {
				if p := s.Pod(former.Name); p == nil || p.UID != former.UID || !oracle.Terminating(p) {
					return fmt.Errorf("pod %s of the former DaemonSet is gone, or nobody deletes it", former.Name)
				}
				return nil
			}
			e.Becomes(ctx, e.Timeouts.Placement, "the DaemonSet and its revision are gone, and its pod is held on its way out", fleet.Every(stands, func(s *history.State) error {
				if s.DaemonSet("agent") != nil || len(s.Revisions()) > 0 {
					return errors.New("DaemonSet agent or its ControllerRevision is still there")
				}
				return nil
			}))
			e.CreateDaemonSet(ctx, e.DaemonSet("agent"))
			whole := fleet.Every(stands, func(s *history.State) error { return oracle.RolledOut(s, s.DaemonSet("agent")) })
			e.BecomesFor(ctx, "agent", e.Timeouts.RolloutOf(1), "the new DaemonSet is rolled out beside the pod of the former one", whole)
			e.Stays(ctx, "each of the two pods is left as it is", nil, whole)
		},
	}
}

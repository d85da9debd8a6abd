package rollout

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/audit"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func deletedOnce() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-009",
		Area:      framework.RollingUpdate,
		Title:     "a terminating pod is not deleted again",
		Behaviour: "A pod that is terminating MUST NOT be deleted a second time by the rollout.",
		Clauses:   []string{"pkg/controller/daemon/update.go: findUpdatedPodsOnNode", "kubernetes issue 78972"},
		Level:     framework.Core,
		Why: "A pod may take minutes to end, and the controller looks at it many times meanwhile. One that deletes at each look floods the API server, " +
			"and wedges on its own count of deletions that never happen. No watch shows a second DELETE: the API server's audit log does.",
		Needs: []framework.Ability{framework.ReadAudit},
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.MaxUnavailable("100%"), fleet.Lingering(4)))
			ds := e.SetImage(ctx, name, "agent:v2")
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "both old pods are terminating", func(s *history.State) error {
				for _, own := range old.All() {
					if pod := s.Pod(own.Name); pod == nil || pod.DeletionTimestamp == nil {
						return fmt.Errorf("pod %s is not terminating", own.Name)
					}
				}
				return nil
			})
			for look := range 5 {
				fleet.Touch(ctx, e, name, fmt.Sprint(look))
			}
			fleet.AwaitRollout(ctx, e, ds)

			calls := deletions(e.Requests(ctx, e.Namespace))
			for _, own := range old.All() {
				e.Check(once(own, calls[own.Name]), "pod %s is deleted by exactly one request", own.Name)
			}
		},
	}
}

func once(pod *corev1.Pod, by []string) error {
	if len(by) != 1 {
		return fmt.Errorf("the audit log has %d DELETE requests for pod %s, by %v", len(by), pod.Name, by)
	}
	return nil
}

// deletions gives, for each pod, the users of all requests to delete it. Kubelets
// are left out: theirs end the pod once it has stopped.
func deletions(requests []audit.Event) map[string][]string {
	calls := map[string][]string{}
	for _, r := range requests {
		if r.Verb == "delete" && r.Resource == "pods" && !r.OfKubelet() {
			calls[r.Name] = append(calls[r.Name], r.User)
		}
	}
	return calls
}

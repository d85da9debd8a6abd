package podlife

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/audit"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// adoptionAsksFirst: between what a controller remembers and what is, the
// DaemonSet may have been deleted.
func adoptionAsksFirst() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-013", Area: framework.PodLife, Title: "an adoption is preceded by a look at the DaemonSet", Level: framework.Extended,
		Behaviour: "Before a controller adopts a pod it MUST read the DaemonSet from the API server itself, to know that it is the same one and not being deleted.",
		Clauses:   []string{"pkg/controller RecheckDeletionTimestamp", "kubernetes#42639"},
		Why: "A controller's cache may be seconds old. One that adopts by it gives a pod to a DaemonSet that is being deleted with its pods orphaned, and the garbage collector then deletes what the user meant to keep. " +
			"No watch shows a read: the API server's audit log does.",
		Needs: []framework.Ability{framework.ReadAudit},
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("agent", unbound.Scheduler, onDelete))
			unbound.Await(ctx, e, ds, e.Nodes[0])
			pod := bare(e, "orphan", e.Namespace, "")
			pod.Spec.SchedulerName = ds.Spec.Template.Spec.SchedulerName
			orphan := createPod(ctx, e, pod)
			adopted := func(s *history.State) error {
				p := s.Pod(orphan.Name)
				if p == nil {
					return fmt.Errorf("the orphan is gone")
				}
				return ownedBy(ds, p.OwnerReferences)
			}
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the orphan is adopted", adopted)
			// A request is in the audit log once it has been answered, and others may
			// see what it did before that.
			e.Stays(ctx, "the orphan stays adopted", nil, adopted)
			requests := e.Requests(ctx, e.Namespace)
			patch, err := adoption(requests, orphan)
			e.Must(err, "find the adoption in the audit log")
			e.Check(askedBefore(requests, patch, ds.Name, orphan), "a read of DaemonSet %s precedes its adoption of pod %s", ds.Name, orphan.Name)
		},
	}
}

// adoption gives the request by which the orphan got its owner.
func adoption(requests []audit.Event, orphan *corev1.Pod) (audit.Event, error) {
	for _, r := range requests {
		if (r.Verb == "patch" || r.Verb == "update") && r.Resource == "pods" && r.Name == orphan.Name && r.Code == 200 {
			return r, nil
		}
	}
	return audit.Event{}, fmt.Errorf("none of %d requests is a write to pod %s", len(requests), orphan.Name)
}

// askedBefore judges that whoever sent the patch has read the DaemonSet after
// the orphan was made and before that.
func askedBefore(requests []audit.Event, patch audit.Event, daemonSet string, orphan *corev1.Pod) error {
	reads := 0
	for _, r := range requests {
		if r.User != patch.User || r.Verb != "get" || r.Resource != "daemonsets" || r.Name != daemonSet {
			continue
		}
		reads++
		if !r.Answered.Before(orphan.CreationTimestamp.Time) && !r.Answered.After(patch.Answered) {
			return nil
		}
	}
	return fmt.Errorf("%s has read DaemonSet %s %d times, never between the making of the orphan and the adoption (%s)", patch.User, daemonSet, reads, patch)
}

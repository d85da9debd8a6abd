package podlife

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// backgroundDeletion is what `kubectl delete ds` does.
func backgroundDeletion() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-008", Area: framework.PodLife, Title: "background deletion", Level: framework.Core,
		Behaviour: "Deleting a DaemonSet in the background MUST delete its pods and ControllerRevisions once it is gone.",
		Clauses:   []string{"concepts/architecture/garbage-collection: background cascading deletion"},
		Why:       "Owner references hand the dependents to the garbage collector; a controller that wrote them wrongly leaves daemons behind that nobody owns.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			e.DeleteDaemonSet(ctx, "agent", metav1.DeletePropagationBackground)
			e.Becomes(ctx, e.Timeouts.RolloutOf(len(e.Nodes)), "DaemonSet, pods and ControllerRevisions are gone", func(s *history.State) error {
				if s.DaemonSet("agent") != nil || len(s.Pods()) > 0 || len(s.Revisions()) > 0 {
					return fmt.Errorf("left are: DaemonSet %v, %d pods, %d ControllerRevisions", s.DaemonSet("agent") != nil, len(s.Pods()), len(s.Revisions()))
				}
				return nil
			})
		},
	}
}

// orphanDeletion is how a DaemonSet is recreated, for instance with another
// selector, without stopping its daemons.
func orphanDeletion() framework.Spec {
	return framework.Spec{
		ID: "DS-OWN-011", Area: framework.PodLife, Title: "orphaned pods are adopted by a new DaemonSet", Level: framework.Extended,
		Behaviour: "Pods and ControllerRevisions orphaned by a deletion MUST run on and MUST NOT be taken back by the one that is being deleted, and a new DaemonSet with the same selector and template MUST adopt them without restarting anything.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: with --cascade=orphan the Pods are left; a new DaemonSet with the same selector adopts them"},
		Covers:    []string{"DS-OWN-010"},
		Why:       "This is the documented way to replace a DaemonSet without an outage; a controller that does not match the old revision restarts every daemon.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			start(ctx, e)
			before := uids(e.History.State().Pods())
			e.Cleanup("let DaemonSet agent go", func(ctx context.Context) error { return holdSet(ctx, e, "null") })
			e.Must(holdSet(ctx, e, `["`+framework.HoldFinalizer+`"]`), "hold DaemonSet agent by a finalizer")
			e.DeleteDaemonSet(ctx, "agent", metav1.DeletePropagationOrphan)
			e.Becomes(ctx, e.Timeouts.Placement, "nothing that the DaemonSet leaves has an owner, while it is itself still there", orphaned)
			e.Stays(ctx, "a DaemonSet that is being deleted takes nothing back", nil, orphaned)
			e.Must(holdSet(ctx, e, "null"), "let DaemonSet agent go")
			e.Becomes(ctx, e.Timeouts.Placement, "the DaemonSet is gone and nothing it left has an owner", func(s *history.State) error {
				if s.DaemonSet("agent") != nil {
					return errors.New("DaemonSet agent is still there")
				}
				return orphaned(s)
			})
			e.CreateDaemonSet(ctx, e.DaemonSet("agent"))
			rolledOut(ctx, e)
			s := e.History.State()
			e.That(len(s.Revisions()) == 1, "the one ControllerRevision is adopted", "there are %d", len(s.Revisions()))
			for _, p := range s.Pods() {
				e.That(before[p.UID], "every pod is one of those left behind", "pod %s is new", p.Name)
				e.Check(ownedBy(s.DaemonSet("agent"), p.OwnerReferences), "pod %s belongs to the new DaemonSet", p.Name)
			}
			e.Stays(ctx, "no adopted pod is restarted", nil, func(s *history.State) error {
				return oracle.Placement(s, s.DaemonSet("agent"))
			})
		},
	}
}

func uids(pods []*corev1.Pod) map[types.UID]bool {
	out := map[types.UID]bool{}
	for _, p := range pods {
		out[p.UID] = true
	}
	return out
}

// orphaned tells whether the two pods and the revision are there without owner.
func orphaned(s *history.State) error {
	if len(s.Pods()) != 2 || len(s.Revisions()) != 1 {
		return fmt.Errorf("left are %d pods and %d ControllerRevisions instead of 2 and 1", len(s.Pods()), len(s.Revisions()))
	}
	for _, p := range s.Pods() {
		if len(p.OwnerReferences) > 0 || p.DeletionTimestamp != nil {
			return fmt.Errorf("pod %s has %d owners, deletionTimestamp %v", p.Name, len(p.OwnerReferences), p.DeletionTimestamp)
		}
	}
	for _, cr := range s.Revisions() {
		if len(cr.OwnerReferences) > 0 {
			return fmt.Errorf("ControllerRevision %s still has an owner", cr.Name)
		}
	}
	return nil
}

// holdSet sets the finalizers of DaemonSet agent; one that is gone needs none.
func holdSet(ctx context.Context, e *framework.Env, list string) error {
	patch := fmt.Appendf(nil, `{"metadata":{"finalizers":%s}}`, list)
	_, err := e.Client.AppsV1().DaemonSets(e.Namespace).Patch(ctx, "agent", types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("set the finalizers of DaemonSet agent to %s: %w", list, err)
	}
	return nil
}

package revisions

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func nameClash() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-015",
		Area:      framework.Revisions,
		Title:     "a clash of names is resolved by collisionCount",
		Behaviour: "When the name of a new ControllerRevision is taken by one with other data, status.collisionCount MUST rise by exactly one and the revision MUST be made under another hash; the other one MUST be left alone.",
		Clauses:   []string{fieldCollision, "kubernetes issues 62519, 67273", sourceSnapshot},
		Level:     framework.Extended,
		Why: "Hashes are short and can clash. A controller that retries under the same name never makes a pod; " +
			"one that counts twice, or takes the other's revision for its own, loses the history it has.",
		Body: func(ctx context.Context, e *framework.Env) {
			// The name that will be asked for is learned from a first life of the same DaemonSet.
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Nowhere(e)))
			taken := fleet.Revision(ctx, e, name, 0).Name
			e.DeleteDaemonSet(ctx, name, metav1.DeletePropagationForeground)
			e.Becomes(ctx, e.Timeouts.Placement, "the first DaemonSet and its revision are gone", func(s *history.State) error {
				if n := len(s.DaemonSets()) + len(s.Revisions()); n > 0 {
					return fmt.Errorf("%d of them are left", n)
				}
				return nil
			})
			other := createRevision(ctx, e, &appsv1.ControllerRevision{
				ObjectMeta: metav1.ObjectMeta{Name: taken, Namespace: e.Namespace},
				Data:       runtime.RawExtension{Raw: []byte(`{"other":"data"}`)},
				Revision:   7,
			})

			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Nowhere(e)))
			resolved := func(s *history.State) error {
				ds := s.DaemonSet(name)
				if got := ds.Status.CollisionCount; got == nil || *got != 1 {
					return fmt.Errorf("collisionCount is %v", show(got))
				}
				if owned := s.RevisionsOf(ds); len(owned) != 1 || owned[0].Name == taken || owned[0].Revision != 1 {
					return fmt.Errorf("the DaemonSet's ControllerRevisions are %v; want one of number 1 that is not %s", fleet.Revisions(s, ds), taken)
				}
				for _, cr := range s.Revisions() {
					if cr.Name == taken && (cr.UID != other.UID || cr.ResourceVersion != other.ResourceVersion) {
						return fmt.Errorf("ControllerRevision %s, which is not the DaemonSet's, was changed", taken)
					}
				}
				return nil
			}
			e.Holds(ctx, resolved, "collisionCount is 1, the DaemonSet has one revision of another name, and the one in the way is as it was")
			e.Stays(ctx, "it stays so", nil, resolved)
		},
	}
}

func show(n *int32) any {
	if n == nil {
		return "not set"
	}
	return *n
}

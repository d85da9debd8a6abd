package revisions

import (
	"context"
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func duplicateHalfWay() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-014",
		Area:      framework.Revisions,
		Title:     "two revisions become one while old pods run",
		Behaviour: "When two ControllerRevisions of the current template become one, pods of an older template SHOULD NOT be given its hash; they MUST NOT be restarted by it under OnDelete.",
		Clauses:   []string{apiRevision, sourceDedup, "kubernetes issue 111280"},
		Level:     framework.Deviation,
		Why: "The hash says which template a pod is of, and is all that says so. Released Kubernetes gives the kept revision's hash to every pod of the DaemonSet: " +
			"outdated pods then count as updated, and no rollout replaces them any more. How many are mislabelled is measured; only --strict fails it.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.OnDelete, fleet.Template("1")))
			second := fleet.Update(ctx, e, name, fleet.Template("2"))
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the second template has its revision, and the old pods count as outdated",
				fleet.Every(numbers(1, 2), fleet.Counts(second, map[string]int32{"updatedNumberScheduled": 0})))
			current := fleet.Revision(ctx, e, name, 1)
			labels := maps.Clone(current.Labels)
			labels[appsv1.ControllerRevisionHashLabelKey] = "duplicate"
			createRevision(ctx, e, &appsv1.ControllerRevision{
				ObjectMeta: metav1.ObjectMeta{Name: name + "-duplicate", Namespace: e.Namespace, Labels: labels, OwnerReferences: current.OwnerReferences},
				Data:       *current.Data.DeepCopy(),
				Revision:   current.Revision + 1,
			})
			same := func(s *history.State) error {
				if standing := sameUIDs(s, old); standing != len(old.Pods) {
					return fmt.Errorf("%d of %d pods are still there", standing, len(old.Pods))
				}
				return nil
			}
			// A new revision that already has its owner need not wake a controller; and
			// one that was woken before it has seen the revision does nothing about it.
			e.Stays(ctx, "nothing happens to the pods while a duplicate stands beside the current revision", nil, same)
			lookAgain(ctx, e)
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "only the higher-numbered of the two is left beside the first template's revision", numbers(1, 3))
			e.Stays(ctx, "no pod is restarted by it", nil, same)

			mislabelled := 0
			for _, own := range old.All() {
				if fleet.HashOf(e.History.State().Pod(own.Name)) != old.Hash {
					mislabelled++
				}
			}
			e.Measure("outdated pods that were given the current revision's hash", mislabelled)
			e.That(mislabelled == 0 || !e.Strict(), "pods of the first template keep its hash", "%d of %d carry the current one", mislabelled, len(old.Pods))
		},
	}
}

// sameUIDs counts the fleet's pods that are still there and nobody deletes,
// whatever their labels.
func sameUIDs(s *history.State, old *fleet.Fleet) int {
	n := 0
	for _, own := range old.All() {
		if p := s.Pod(own.Name); p != nil && p.UID == own.UID && p.DeletionTimestamp == nil {
			n++
		}
	}
	return n
}

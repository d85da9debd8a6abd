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

func duplicateMerged() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-013",
		Area:      framework.Revisions,
		Title:     "two revisions of one template become one",
		Behaviour: "Of two ControllerRevisions with the current template the one of the higher number MUST be kept and the other deleted; the pods MUST take its hash over without a restart.",
		Clauses:   []string{apiRevision, sourceDedup, "integration test: TestDSCUpdatesPodLabelAfterDedupCurHistories"},
		Level:     framework.Extended,
		Why: "Duplicates come from adoption and from restored backups. A controller that keeps both may turn from one hash to the other and restart every pod each time; " +
			"one that drops a hash its pods carry restarts them once for nothing.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			pods := fleet.Deploy(ctx, e, e.DaemonSet(name))
			ds := e.History.State().DaemonSet(name)
			first := fleet.Revision(ctx, e, name, 0)
			labels := maps.Clone(first.Labels)
			labels[appsv1.ControllerRevisionHashLabelKey] = "duplicate"
			createRevision(ctx, e, &appsv1.ControllerRevision{
				ObjectMeta: metav1.ObjectMeta{Name: name + "-duplicate", Namespace: e.Namespace, Labels: labels, OwnerReferences: first.OwnerReferences},
				Data:       *first.Data.DeepCopy(),
				Revision:   first.Revision + 1,
			})
			// A new revision that already has its owner need not wake a controller.
			lookAgain(ctx, e)

			merged := func(s *history.State) error {
				if got := fleet.Revisions(s, ds); len(got) != 1 || got[0] != name+"-duplicate" {
					return fmt.Errorf("the ControllerRevisions are %v; want only %s-duplicate", got, name)
				}
				for _, own := range pods.All() {
					pod := s.Pod(own.Name)
					if pod == nil || pod.UID != own.UID || pod.DeletionTimestamp != nil || fleet.HashOf(pod) != "duplicate" {
						return fmt.Errorf("pod %s is not running on with the hash of the kept revision", own.Name)
					}
				}
				return nil
			}
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "only the higher-numbered revision is left, and the same pod carries its hash", merged)
			e.Stays(ctx, "revision and pod stay so", nil, merged)
			e.That(len(fleet.Live(e.History.State(), ds)) == 1, "there is one pod", "there are more")
		},
	}
}

package revisions

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func labelRestored() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-017",
		Area:      framework.Revisions,
		Title:     "a revision without its hash label gets one",
		Behaviour: "A ControllerRevision of the DaemonSet that lacks the label controller-revision-hash MUST get it, with its own name as the value, and keep its number and data.",
		Clauses:   []string{apiRevision, sourceHistory},
		Level:     framework.Extended,
		Why: "Revisions written by early releases or by other tools have no such label, and without it a pod of that template cannot be told from an outdated one. " +
			"The name is taken because a hash computed anew could clash.",
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Nowhere(e)))
			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Template("2")))
			ds := e.History.State().DaemonSet(name)
			old := fleet.Revision(ctx, e, name, 0)
			updateRevision(ctx, e, old, func(cr *appsv1.ControllerRevision) { delete(cr.Labels, appsv1.ControllerRevisionHashLabelKey) })
			fleet.Touch(ctx, e, name, "1")

			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the old revision is labelled with its own name, and both revisions are there with their numbers", fleet.Every(numbers(1, 2), func(s *history.State) error {
				owned := s.RevisionsOf(ds)
				if len(owned) == 0 {
					return errors.New("there is none")
				}
				now := owned[0]
				if now.UID != old.UID || now.ResourceVersion == old.ResourceVersion || oracle.Hash(now) != now.Name {
					return fmt.Errorf("ControllerRevision %s has hash label %q", now.Name, oracle.Hash(now))
				}
				return nil
			}))
		},
	}
}

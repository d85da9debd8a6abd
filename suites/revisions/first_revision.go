package revisions

import (
	"context"
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func firstRevision() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-001",
		Area:      framework.Revisions,
		Title:     "the first template has revision 1",
		Behaviour: "For a new DaemonSet exactly one ControllerRevision MUST be made, no later than the first pods: number 1, named after DaemonSet and hash, with the template's labels and the hash, the DaemonSet's annotations, and the DaemonSet as controller; all pods MUST carry its hash.",
		Clauses:   []string{docUnderstand, apiRevision, sourceSnapshot},
		Covers:    []string{"DS-REV-002", "DS-REV-004"},
		Level:     framework.Extended,
		Why: "The revision is what a rollback returns to, and the hash is how a pod is known to be up to date. " +
			"Without the owner it outlives the DaemonSet; without the hash on the pods every one of them looks out of date; without the annotations the change cause is lost.",
		Nodes: framework.NodeNeed{Workers: 2},
		Smoke: true,
		Body: func(ctx context.Context, e *framework.Env) {
			pods := fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Annotated("team", "blue")))
			s := e.History.State()
			ds := s.DaemonSet(name)
			owned := s.RevisionsOf(ds)
			e.That(len(owned) == 1, "there is one ControllerRevision", "there are %v", fleet.Revisions(s, ds))
			revision := owned[0]
			e.That(revision.Revision == 1, "its number is 1", "it is %d", revision.Revision)
			e.Check(oracle.RevisionWellFormed(revision, ds), "ControllerRevision %s is well formed", revision.Name)
			e.That(maps.Equal(revision.Annotations, ds.Annotations), "its annotations are those of the DaemonSet", "they are %v, the DaemonSet's %v", revision.Annotations, ds.Annotations)
			for _, pod := range pods.All() {
				e.That(fleet.HashOf(pod) == oracle.Hash(revision), "pod "+pod.Name+" carries its hash "+oracle.Hash(revision), "it carries %q", fleet.HashOf(pod))
			}
			e.Check(fleet.Each(e, revisionNotLater(revision)), "the revision is made no later than the first pod")
		},
	}
}

// revisionNotLater judges an entry of the log: a pod is not older than the
// revision, by the whole seconds of the API server's own clock.
func revisionNotLater(revision *appsv1.ControllerRevision) func(*history.State, history.Entry) error {
	return func(s *history.State, en history.Entry) error {
		if en.Kind != history.KindPod || en.Change != history.Added {
			return nil
		}
		pod := s.Pod(en.Name)
		if pod != nil && pod.CreationTimestamp.Before(&revision.CreationTimestamp) {
			return fmt.Errorf("pod %s was made at %s, ControllerRevision %s only at %s", pod.Name, pod.CreationTimestamp.UTC(), revision.Name, revision.CreationTimestamp.UTC())
		}
		return nil
	}
}

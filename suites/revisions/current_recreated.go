package revisions

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func currentRecreated() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-012",
		Area:      framework.Revisions,
		Title:     "the current revision is made again",
		Behaviour: "When the current ControllerRevision is deleted, it MUST be made again under the same name and hash, and the pods MUST be left alone.",
		Clauses:   []string{apiRevision, "pkg/controller/daemon/daemon_controller.go: deleteHistory", sourceHistory},
		Level:     framework.Extended,
		Why: "Pods are known to be up to date by that hash. A controller that makes a revision of another hash restarts them all; " +
			"one that does not notice has no way back from the next change.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			pods := fleet.Deploy(ctx, e, e.DaemonSet(name))
			ds := e.History.State().DaemonSet(name)
			lost := fleet.Revision(ctx, e, name, 0)
			deleteRevision(ctx, e, lost)

			again := fleet.Every(pods.Alone(), func(s *history.State) error {
				owned := s.RevisionsOf(ds)
				if len(owned) != 1 || owned[0].Name != lost.Name || owned[0].UID == lost.UID || owned[0].Revision != 1 {
					return fmt.Errorf("there are %v; want %s made again, of number 1", fleet.Revisions(s, ds), lost.Name)
				}
				return nil
			})
			e.BecomesFor(ctx, name, e.Timeouts.Placement, "the revision is made again under its name, and the pod runs on", again)
			e.Stays(ctx, "the pod runs on", nil, again)
		},
	}
}

func deleteRevision(ctx context.Context, e *framework.Env, cr *appsv1.ControllerRevision) {
	e.Act("deletes ControllerRevision", history.KindControllerRevision, cr)
	err := e.Client.AppsV1().ControllerRevisions(e.Namespace).Delete(ctx, cr.Name, metav1.DeleteOptions{})
	e.Must(err, "delete ControllerRevision %s", cr.Name)
}

func createRevision(ctx context.Context, e *framework.Env, cr *appsv1.ControllerRevision) *appsv1.ControllerRevision {
	e.Act("creates ControllerRevision", history.KindControllerRevision, &cr.ObjectMeta)
	got, err := e.Client.AppsV1().ControllerRevisions(e.Namespace).Create(ctx, cr, metav1.CreateOptions{})
	e.Must(err, "create ControllerRevision %s", cr.Name)
	return got
}

func updateRevision(ctx context.Context, e *framework.Env, cr *appsv1.ControllerRevision, change func(*appsv1.ControllerRevision)) *appsv1.ControllerRevision {
	e.Act("updates ControllerRevision", history.KindControllerRevision, cr)
	cr = cr.DeepCopy()
	change(cr)
	got, err := e.Client.AppsV1().ControllerRevisions(e.Namespace).Update(ctx, cr, metav1.UpdateOptions{})
	e.Must(err, "update ControllerRevision %s", cr.Name)
	return got
}

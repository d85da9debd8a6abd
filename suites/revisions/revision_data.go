package revisions

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func revisionData() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-003",
		Area:      framework.Revisions,
		Title:     "a revision's data brings its template back",
		Behaviour: "The data of a ControllerRevision MUST be a strategic merge patch of spec.template alone, with the directive $patch: replace, that makes the DaemonSet's template exactly what it was.",
		Clauses:   []string{docUnderstand, "API: ControllerRevision data", sourcePatch, kubectlUndo},
		Level:     framework.Extended,
		Why: "kubectl sends the data as it is. Without the directive what the newer template added would stay after a rollback; " +
			"with more than the template in it a rollback would undo changes of the strategy too.",
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Nowhere(e), fleet.Template("first")))
			first := e.History.State().DaemonSet(name)
			// What only the second template has must be gone after the first one's patch.
			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Template("second"), fleet.Lingering(1), fleet.Gated, fleet.Image(e, "agent:v2"), fleet.MaxUnavailable("2")))
			s := e.History.State()
			second := s.DaemonSet(name)
			owned := s.RevisionsOf(second)
			e.That(len(owned) == 2, "there are two ControllerRevisions", "there are %v", fleet.Revisions(s, second))

			for i, template := range []*metav1.ObjectMeta{&first.ObjectMeta, &second.ObjectMeta} {
				e.Check(oracle.RevisionWellFormed(owned[i], second), "ControllerRevision %s, made for generation %d, is well formed", owned[i].Name, template.Generation)
			}
			back, err := e.Client.AppsV1().DaemonSets(e.Namespace).Patch(ctx, name, types.StrategicMergePatchType, owned[0].Data.Raw,
				metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
			e.Check(err, "the API server takes the data of ControllerRevision %s as a patch", owned[0].Name)
			e.That(equality.Semantic.DeepEqual(back.Spec.Template, first.Spec.Template), "the patch brings the first template back exactly", "it makes %+v", back.Spec.Template)
			back.Spec.Template = second.Spec.Template
			e.That(equality.Semantic.DeepEqual(back.Spec, second.Spec), "the patch changes nothing but the template", "the spec becomes %+v", back.Spec)
		},
	}
}

package rollout

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func equalTemplate() framework.Spec {
	return framework.Spec{
		ID:        "DS-RUM-013",
		Area:      framework.RollingUpdate,
		Title:     "an equal template is no change",
		Behaviour: "An update whose template means the same (the same object again, quantities written otherwise, defaults written out) MUST raise no generation, make no revision and replace no pod.",
		Clauses:   []string{"API conventions: metadata.generation", sourceStrategy, sourcePatch},
		Level:     framework.Core,
		Why: "Tools apply the same manifest again and again. If what means the same counted as a change, " +
			"every run of such a tool would restart the pods of every node.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			old := fleet.Deploy(ctx, e, e.DaemonSet(name))
			before := e.History.State().DaemonSet(name)
			revisions := fleet.Revisions(e.History.State(), before)

			again := fleet.Update(ctx, e, name, func(*appsv1.DaemonSet) {})
			e.That(again.Generation == before.Generation, "the same object again keeps its generation", "it went from %d to %d", before.Generation, again.Generation)
			written, err := e.Client.AppsV1().DaemonSets(e.Namespace).Patch(ctx, name, types.StrategicMergePatchType, []byte(
				`{"spec":{"template":{"spec":{"restartPolicy":"Always","dnsPolicy":"ClusterFirst",`+
					`"containers":[{"name":"agent","resources":{"requests":{"cpu":"0.001","memory":"4096Ki"}}}]}}}}`), metav1.PatchOptions{})
			e.Must(err, "write the same template in other words")
			e.That(written.Generation == before.Generation, "the same template in other words keeps its generation", "it went from %d to %d", before.Generation, written.Generation)

			fleet.Touch(ctx, e, name, "1")
			e.Stays(ctx, "the controller, made to look again, finds nothing to do", nil,
				fleet.Every(old.Alone(), fleet.SameRevisions(before, revisions)))
		},
	}
}

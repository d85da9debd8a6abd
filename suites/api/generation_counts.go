package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func generationCounts() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-014",
		Area:      framework.API,
		Title:     "the generation counts changes of the spec",
		Behaviour: "metadata.generation MUST be 1 on creation, rise by exactly one with each change of the spec, and stay the same for changes of metadata and status, for requests that change nothing, and for a generation that is sent.",
		Clauses:   []string{"API: ObjectMeta.generation", conventions + ", Metadata: generation", sourceStrategy + ": PrepareForUpdate"},
		Level:     framework.Core,
		Why: "kubectl rollout status and every tool like it compare generation with observedGeneration. A generation that rises with a label makes them wait for nothing; " +
			"one that stays for a change of the spec makes them report a rollout that has not begun.",
		Body: func(ctx context.Context, e *framework.Env) {
			before := accepts(ctx, e, row{name: name, change: generation(5)})[name].Generation
			e.That(before == 1, "the generation of a new DaemonSet is 1, whatever was sent", "it is %d", before)
			for _, step := range []struct {
				what   string
				change fleet.Change
				by     int64
			}{
				{"the template's image", fleet.Image(e, "agent:v2"), 1},
				{"the template's annotations", fleet.Template("1"), 1},
				{"minReadySeconds", fleet.MinReadySeconds(3), 1},
				{"maxUnavailable", bounds(intstr.FromInt32(2), intstr.FromInt32(0)), 1},
				{"revisionHistoryLimit", fleet.HistoryLimit(3), 1},
				{"the strategy", fleet.OnDelete, 1},
				{"several fields at once", func(ds *appsv1.DaemonSet) { fleet.MinReadySeconds(4)(ds); fleet.Template("2")(ds) }, 1},
				{"an annotation", fleet.Annotated("team", "blue"), 0},
				{"a label", func(ds *appsv1.DaemonSet) { ds.Labels["team"] = "blue" }, 0},
				{"nothing", func(*appsv1.DaemonSet) {}, 0},
				{"the generation itself", generation(99), 0},
			} {
				ds, err := put(ctx, e, step.change)
				e.Check(err, "an update of %s is accepted", step.what)
				e.That(ds.Generation == before+step.by, "an update of "+step.what+raises(step.by), "it went from %d to %d", before, ds.Generation)
				before = ds.Generation
			}
			ds := putStatus(ctx, e, name, func(ds *appsv1.DaemonSet) {
				ds.Status.Conditions = []appsv1.DaemonSetCondition{{Type: "Written", Status: corev1.ConditionTrue}}
			})
			e.That(ds.Generation == before, "an update of the status"+raises(0), "it went from %d to %d", before, ds.Generation)
		},
	}
}

func raises(by int64) string {
	if by == 0 {
		return " leaves the generation alone"
	}
	return " raises the generation by one"
}

// generation asks for a generation, which is not the client's to set.
func generation(n int64) fleet.Change {
	return func(ds *appsv1.DaemonSet) { ds.Generation = n }
}

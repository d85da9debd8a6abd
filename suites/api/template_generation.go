package api

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func templateGeneration() framework.Spec {
	return framework.Spec{
		ID:    "DS-API-015",
		Area:  framework.API,
		Title: "the annotation of the template's generation",
		Behaviour: "Annotation " + appsv1.DeprecatedTemplateGeneration + " MUST be there, 1 or what the creator gave, rise by exactly one with each change of the template, " +
			"stay the same for every other change, and be nothing a client can change or remove.",
		Clauses: []string{"reference/labels-annotations-taints: deprecated.daemonset.template.generation", "pkg/apis/apps/v1/conversion.go: DaemonSet", sourceStrategy + ": PrepareForUpdate"},
		Level:   framework.Core,
		Why: "It is all that is left of spec.templateGeneration, and controllers still mark pods with it: a pod counts as updated by this number too. " +
			"A number that stays when the template changes makes old pods pass for new ones.",
		Body: func(ctx context.Context, e *framework.Env) {
			key := appsv1.DeprecatedTemplateGeneration
			got := accepts(ctx, e,
				row{name: name, change: func(*appsv1.DaemonSet) {}},
				row{name: "given", change: fleet.Annotated(key, "7")},
				row{name: "given-0", change: fleet.Annotated(key, "0")},
			)
			for ds, want := range map[string]string{name: "1", "given": "7", "given-0": "1"} {
				have := got[ds].Annotations[key]
				e.That(have == want, "DaemonSet "+ds+" is made with template generation "+want, "it is %q", have)
			}
			for _, step := range []struct {
				what   string
				change fleet.Change
				want   string
			}{
				{"the template", fleet.Image(e, "agent:v2"), "2"},
				{"minReadySeconds", fleet.MinReadySeconds(3), "2"},
				{"the strategy", fleet.OnDelete, "2"},
				{"a label", func(ds *appsv1.DaemonSet) { ds.Labels["team"] = "blue" }, "2"},
				{"the annotation itself", fleet.Annotated(key, "42"), "2"},
				{"the annotation, backwards", fleet.Annotated(key, "1"), "2"},
				{"the annotation, by removing it", func(ds *appsv1.DaemonSet) { delete(ds.Annotations, key) }, "2"},
				{"the template and the annotation", func(ds *appsv1.DaemonSet) { fleet.Template("1")(ds); fleet.Annotated(key, "42")(ds) }, "3"},
			} {
				ds, err := put(ctx, e, step.change)
				e.Check(err, "an update of %s is accepted", step.what)
				for _, seen := range []*appsv1.DaemonSet{ds, get(ctx, e, name)} {
					have := seen.Annotations[key]
					e.That(have == step.want, "after an update of "+step.what+" the template generation is "+step.want, "it is %q", have)
				}
			}
		},
	}
}

package revisions

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/oracle"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func hashOfTemplate() framework.Spec {
	return framework.Spec{
		ID:        "DS-REV-007",
		Area:      framework.Revisions,
		Title:     "the hash is of the template alone",
		Behaviour: "The hash of a revision MUST depend on the template (and on collisions) only: equal templates have equal hashes whatever the DaemonSet's name, labels, strategy or limits, and another template has another one.",
		Clauses:   []string{docUnderstand, "pkg/controller/controller_utils.go: ComputeHash", sourceSnapshot},
		Level:     framework.Extended,
		Why: "A hash that took in more than the template would change with it and mark every pod as out of date; " +
			"one that took in less would miss a change.",
		Body: func(ctx context.Context, e *framework.Env) {
			same := func(ds *appsv1.DaemonSet) {
				ds.Spec.Selector.MatchLabels = map[string]string{"app": "same"}
				ds.Spec.Template.Labels = map[string]string{"app": "same"}
			}
			hash := func(ds *appsv1.DaemonSet) string {
				fleet.Deploy(ctx, e, ds)
				s := e.History.State()
				current, err := oracle.CurrentRevision(s, s.DaemonSet(ds.Name))
				e.Check(err, "DaemonSet %s has a revision of its template", ds.Name)
				return oracle.Hash(current)
			}
			one := hash(e.DaemonSet("one", same, fleet.Nowhere(e)))
			two := hash(e.DaemonSet("two", same, fleet.Nowhere(e), fleet.OnDelete, fleet.MinReadySeconds(5), fleet.HistoryLimit(2),
				fleet.Annotated("team", "blue"), func(ds *appsv1.DaemonSet) { ds.Labels["team"] = "blue" }))
			e.That(one == two, "two DaemonSets of equal templates have equal hashes", "they are %s and %s", one, two)
			other := hash(e.DaemonSet("other", same, fleet.Nowhere(e), fleet.Template("other")))
			e.That(other != one, "a DaemonSet of another template has another hash", "both are %s", one)
		},
	}
}

package api

import (
	"context"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/answer"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

const (
	// longest is how long a DNS subdomain may be.
	longest = 253
	// workable is how long a name may be for a dash and a hash of ten characters
	// to follow it, as they do in the names of revisions.
	workable = longest - 11
)

func names() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-016",
		Area:      framework.API,
		Title:     "a name is a DNS subdomain",
		Behaviour: "A DaemonSet's name MUST be accepted as a DNS subdomain of up to 253 characters, and rejected as invalid otherwise.",
		Clauses:   []string{"concepts/workloads/controllers/daemonset: the name of a DaemonSet object must be a valid DNS subdomain name", "concepts/overview/working-with-objects/names", "pkg/apis/apps/validation: ValidateDaemonSetName"},
		Level:     framework.Core,
		Why: "Names go into paths, and into the names of pods and revisions. The longest name is sent as a dry run: released controllers add dash and hash to it for the name of a revision, " +
			"which the API then refuses as too long, so that a DaemonSet with a name of more than 242 characters gets neither pods nor a status, nor an event that says why. One of 242 must work.",
		Body: func(ctx context.Context, e *framework.Env) {
			const field, invalid = "metadata.name", metav1.CauseTypeFieldValueInvalid
			refuses(ctx, e,
				row{"upper-case", named("Agent"), invalid, field},
				row{"underscore", named("my_agent"), invalid, field},
				row{"dash-first", named("-agent"), invalid, field},
				row{"dash-last", named("agent-"), invalid, field},
				row{"empty-part", named("node..agent"), invalid, field},
				row{"too-long", named(strings.Repeat("a", longest+1)), invalid, field},
				row{"none", named(""), metav1.CauseTypeFieldValueRequired, field},
			)
			got := accepts(ctx, e,
				row{name: "short", change: named("a")},
				row{name: "digits-and-dots", change: named("0.node-agent.9")},
				row{name: "long", change: named(strings.Repeat("a", workable))},
			)
			_, err := client(e).Create(ctx, unplaced(e, name, named(strings.Repeat("a", longest))), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			e.Must(answer.Unanswered(err), "create a DaemonSet with a name of %d characters, as a dry run", longest)
			e.Check(err, "a name of %d characters is accepted", longest)
			for _, ds := range got {
				e.BecomesFor(ctx, ds.Name, e.Timeouts.Placement, "the controller has made its revision and written its status", fleet.Every(fleet.Observed(ds), hasRevision(ds)))
			}
		},
	}
}

func named(name string) fleet.Change {
	return func(ds *appsv1.DaemonSet) { ds.Name = name }
}

package revisions

import (
	"context"
	"fmt"
	"strings"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/kubectl"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func historyListed() framework.Spec {
	return framework.Spec{
		ID:        "DS-KUB-003",
		Area:      framework.Revisions,
		Title:     "kubectl lists the history",
		Behaviour: "kubectl rollout history MUST list each revision with its change cause, and with --revision print the template of that revision.",
		Clauses:   []string{docRollback, kubectlHistory},
		Level:     framework.Extended,
		Why: "It is how people choose where to go back to. A controller that does not copy the annotations leaves the causes empty; " +
			"one that stores another template than it ran shows the wrong image.",
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name, fleet.Nowhere(e), changeCause("first release")))
			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Image(e, "agent:v2"), changeCause("second release")))
			fleet.AwaitRollout(ctx, e, fleet.Update(ctx, e, name, fleet.Image(e, "agent:v3"), changeCause("third release")))

			got, result := e.Kubectl.RolloutHistory(ctx, name)
			e.Check(result.Err, "kubectl lists the history")
			want := []kubectl.Revision{{Number: 1, Cause: "first release"}, {Number: 2, Cause: "second release"}, {Number: 3, Cause: "third release"}}
			e.That(fmt.Sprint(got) == fmt.Sprint(want), fmt.Sprintf("the history is %v", want), "it is %v:\n%s", got, result.Transcript())
			for i, image := range []string{"agent:v1", "agent:v2", "agent:v3"} {
				result := e.Kubectl.RolloutHistoryOf(ctx, name, int64(i+1))
				e.Check(result.Err, "kubectl prints revision %d", i+1)
				e.That(strings.Contains(result.Stdout, e.Image(image)), fmt.Sprintf("revision %d is of image %s", i+1, e.Image(image)), "kubectl printed\n%s", result.Transcript())
			}
		},
	}
}

package resilience

import (
	"context"
	"fmt"
	"net/http"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func transientErrors() framework.Spec {
	return framework.Spec{
		ID:        "DS-RES-008",
		Area:      framework.Resilience,
		Title:     "errors that pass are tried again",
		Behaviour: "Creates, deletes and status updates that fail with 403, 409, 429, 500, 503 or 504, or get no answer, MUST be tried again until they succeed, without anything else happening.",
		Clauses:   []string{"pkg/controller/daemon processNextWorkItem: what failed is queued again, rate-limited", "kubernetes issue 72155"},
		Level:     framework.Extended,
		Why: "Every API server refuses at times: a quota that is being raised, a write that came too late, one that is overloaded or restarts. " +
			"A controller that gives up until the next event leaves the node without its agent, or the rollout half way, until somebody happens to touch the DaemonSet. " +
			"Each rollout here meets the first two of each kind of write with one error.",
		Needs:  []framework.Ability{framework.InjectFaults},
		Nodes:  framework.NodeNeed{Workers: 2},
		Serial: true,
		Body: func(ctx context.Context, e *framework.Env) {
			fleet.Deploy(ctx, e, e.DaemonSet(name))
			for _, code := range []int{
				http.StatusForbidden, http.StatusConflict, http.StatusTooManyRequests, http.StatusInternalServerError,
				http.StatusServiceUnavailable, http.StatusGatewayTimeout, unheard,
			} {
				rolloutAgainst(ctx, e, code)
			}
		},
	}
}

// unheard stands for a connection that closes, where a code would be.
const unheard = 0

// rolloutAgainst rolls a new template out while the first writes of each kind fail.
func rolloutAgainst(ctx context.Context, e *framework.Env, code int) {
	const times = 2
	effect, says := faults.Refuse, fmt.Sprint(code)
	if code == unheard {
		effect, says = faults.Lose, "no answer"
	}
	kinds := map[string]faults.Match{
		"revision-create": creates(e, revisions),
		"pod-create":      creates(e, pods),
		"pod-delete":      deletes(e),
		"status-update":   faults.Writes(e.Namespace, status),
	}
	for kind, match := range kinds {
		e.SetFault(ctx, faults.Rule{Name: kind, Match: match, Effect: effect, Code: code, Times: times})
	}
	ds := fleet.Update(ctx, e, name, fleet.Template(says))
	for kind := range kinds {
		e.AwaitHits(ctx, e.Timeouts.RolloutOf(len(e.Nodes)), kind, times,
			fmt.Sprintf("after %s the controller tries again (%s)", says, kind))
	}
	atRest(ctx, e, ds)
	for kind := range kinds {
		e.LiftFault(ctx, kind)
	}
}

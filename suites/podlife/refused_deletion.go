package podlife

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/policy"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// refusedDeletionReported: what may delete a pod is an administrator's to say.
func refusedDeletionReported() framework.Spec {
	const text = "pods of this namespace are kept for an audit"
	return framework.Spec{
		ID: "DS-EVT-004", Area: framework.PodLife, Title: "a refused deletion is reported and tried again", Level: framework.Core,
		Behaviour: "When the deletion of a pod is refused, the controller MUST say so by a Warning event FailedDelete with the API server's text, and MUST delete the pod once it may, without any other trigger.",
		Clauses:   []string{"pkg/controller DeletePod", "reference/access-authn-authz/validating-admission-policy"},
		Why: "The node has lost its label and an admission policy refuses the deletion. A controller that stays silent leaves the administrator without the reason why a daemon runs where it should not; " +
			"one that counts the refused deletion as done, or tries once, leaves the pod there for good.",
		Versions: ">= 1.30.0-0",
		Nodes:    framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			node, key := e.Nodes[0], e.Key("daemon")
			e.LabelNode(ctx, node, key, "yes")
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("agent", fleet.NodeSelector(key, "yes")))
			rolledOut(ctx, e)
			pod := podOn(e, node)
			lift := policy.NoPodDeletion(ctx, e, text)
			e.UnlabelNode(ctx, node, key)
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "an event FailedDelete has the text of the refusal", failedDelete(text))
			e.Holds(ctx, site.Same(pod), "the pod is still there")
			lift(ctx)
			e.BecomesFor(ctx, "agent", e.Timeouts.RolloutOf(1), "the pod is deleted now that it may be", fleet.Every(site.Gone(pod), site.Exactly(ds)))
		},
	}
}

// failedDelete judges that DaemonSet "agent" has a Warning event FailedDelete with the text.
func failedDelete(text string) func(*history.State) error {
	return func(s *history.State) error {
		return told(s, "agent", deed{corev1.EventTypeWarning, "FailedDelete", text})
	}
}

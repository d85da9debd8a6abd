package placement

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

func nothingMatches() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-006", Area: framework.Placement, Title: "affinity that matches no node", Level: framework.Core,
		Behaviour: "A required affinity that no node matches, an empty term included, MUST give a status of zeros for the current generation, and MUST NOT keep the controller from its other work.",
		Clauses:   []string{"NodeSelectorTerm: a null or empty node selector term matches no objects", "DaemonSetStatus.observedGeneration"},
		Why: "Nothing to do is an outcome, and a user must be able to read it from the status. A controller may take an empty term for 'matches all', " +
			"leave the status unwritten, or trip over it; a DaemonSet made afterwards shows that it has not.",
		Nodes: framework.NodeNeed{Workers: 1},
		Body: func(ctx context.Context, e *framework.Env) {
			table(ctx, e, "no DaemonSet of the table has a pod, and each status says desiredNumberScheduled 0 for its generation", []row{
				{"no-such-label", requires(allOf(expr(e.Key("absent"), corev1.NodeSelectorOpExists))), nil},
				{"empty-term", requires(corev1.NodeSelectorTerm{}), nil},
				{"empty-terms", requires(corev1.NodeSelectorTerm{}, corev1.NodeSelectorTerm{}), nil},
				{"unparseable-number", requires(allOf(expr(e.LeaseLabel, corev1.NodeSelectorOpGt, "1"))), nil},
				{"no-such-node", requires(named(corev1.NodeSelectorOpIn, "node.that.is.not")), nil},
			})
			placed(ctx, e, e.DaemonSet("after", unscheduled), e.Nodes...)
			_, err := e.Client.AppsV1().DaemonSets(e.Namespace).Create(ctx, e.DaemonSet("no-terms", requires()), metav1.CreateOptions{})
			e.That(apierrors.IsInvalid(err), "the API refuses a node selector without any term as invalid", "%s", outcome(err))
		},
	}
}

// outcome puts the answer to a request into words.
func outcome(err error) string {
	if err == nil {
		return "it was accepted"
	}
	return fmt.Sprintf("the answer is: %v", err)
}

func preferencesDoNotPlace() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-007", Area: framework.Placement, Title: "preferred node affinity", Level: framework.Core,
		Behaviour: "Preferred node affinity MUST NOT change which nodes get a pod, and MUST reach the pods unchanged.",
		Clauses:   []string{"NodeAffinity.preferredDuringSchedulingIgnoredDuringExecution", "concepts/workloads/controllers/daemonset"},
		Why:       "A preference ranks nodes for a scheduler; a DaemonSet has no choice to rank. A controller that takes it for a requirement leaves the second node without its daemon.",
		Nodes:     framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			e.LabelNode(ctx, e.Nodes[0], e.Key("fast"), "true")
			ds := placed(ctx, e, e.DaemonSet("preferring", unscheduled, prefers(allOf(expr(e.Key("fast"), corev1.NodeSelectorOpExists)))), e.Nodes...)
			want := ds.Spec.Template.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution
			for _, pod := range fleet.Live(e.History.State(), ds) {
				e.Check(samePreference(pod, want), "each pod carries the template's preference")
			}
		},
	}
}

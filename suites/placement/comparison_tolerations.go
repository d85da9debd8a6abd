package placement

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/site"
)

// The operators of KEP-5471, by which a toleration compares numbers.
const (
	lessThan    corev1.TolerationOperator = "Lt"
	greaterThan corev1.TolerationOperator = "Gt"
)

func comparisonTolerations() framework.Spec {
	return framework.Spec{
		ID: "DS-PLC-026", Area: framework.Placement, Title: "tolerations that compare numbers", Level: framework.Extended,
		Behaviour: "Where the API server accepts the toleration operators Lt and Gt, they MUST decide which nodes are eligible; where the feature is off, a template with them MUST be rejected as invalid (422).",
		Clauses:   []string{"KEP-5471: extended toleration operators for numeric comparison", "pkg/controller/daemon predicates"},
		Why: "A taint tells a number, as the class of a machine, and a toleration says from which one on. A controller of a release that does not know the operators takes them for no match, and leaves out the nodes that the user has asked for; " +
			"one that takes every unknown operator for a match puts daemons on nodes that refuse them. Alpha since 1.35 and off by default: which half was judged stands in the report.",
		Nodes: framework.NodeNeed{Workers: 2, Exclusive: true},
		Body: func(ctx context.Context, e *framework.Env) {
			low, high := taint(e, "class", corev1.TaintEffectNoSchedule), taint(e, "class", corev1.TaintEffectNoSchedule)
			low.Value, high.Value = "10", "500"
			above := tolerates(corev1.Toleration{Key: low.Key, Operator: greaterThan, Value: "100", Effect: low.Effect})
			below := tolerates(corev1.Toleration{Key: low.Key, Operator: lessThan, Value: "100", Effect: low.Effect})
			err := tryOut(ctx, e, e.DaemonSet("tried-out", unscheduled, above))
			e.Measure("toleration operators Lt and Gt are accepted", err == nil)
			if err != nil {
				e.That(apierrors.IsInvalid(err), "a template with operator Gt is either accepted or rejected as invalid (422)", "%v", err)
				err = tryOut(ctx, e, e.DaemonSet("tried-out", unscheduled, below))
				e.That(apierrors.IsInvalid(err), "a template with operator Lt is rejected as one with Gt is", "%v", err)
				return
			}
			e.TaintNode(ctx, e.Nodes[0], low)
			e.TaintNode(ctx, e.Nodes[1], high)
			site.Known(ctx, e, e.Nodes...)
			table(ctx, e, "each DaemonSet gets the nodes whose taint compares as its toleration says", []row{
				{"above", above, e.Nodes[1:]},
				{"below", below, e.Nodes[:1]},
				{"either", changed(above, below), e.Nodes},
				{"neither", tolerates(), nil},
			})
		},
	}
}

// tryOut asks the API server for the DaemonSet without making it.
func tryOut(ctx context.Context, e *framework.Env, ds *appsv1.DaemonSet) error {
	_, err := e.Client.AppsV1().DaemonSets(e.Namespace).Create(ctx, ds, metav1.CreateOptions{
		DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict,
	})
	return err
}

package site

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// LookAgain makes the controller look at the DaemonSet once it has seen every
// change of a node that was made by now. A touch alone does not do: nodes and
// DaemonSets come to a controller on watches of their own, so that it may look
// before it hears of the node, and an unbound pod or a NoSchedule taint does not
// make it look again.
//
// That it has heard of them is told by a DaemonSet for a label that is put on the
// node last of all: its pod, which nobody ever schedules, can be made by no
// controller that has not seen the label. It stays until the spec's end.
func LookAgain(ctx context.Context, e *framework.Env, name, node string) {
	witness := fmt.Sprintf("witness-%d", len(e.History.State().DaemonSets()))
	e.LabelNode(ctx, node, e.Key(witness), "true")
	last := e.CreateDaemonSet(ctx, e.DaemonSet(witness, unbound.Scheduler, fleet.NodeSelector(e.Key(witness), "true"),
		func(ds *appsv1.DaemonSet) {
			ds.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
		}))
	e.BecomesFor(ctx, witness, e.Timeouts.Placement, "the controller has seen node "+node+" as it is now", Pods(last, node))
	fleet.Touch(ctx, e, name, witness)
}

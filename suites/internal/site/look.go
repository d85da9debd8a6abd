package site

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// LookAgain makes the controller look at the DaemonSet once it has seen every
// change of a node that was made by now. A touch alone does not do: nodes and
// DaemonSets come to a controller on watches of their own, so that it may look
// before it hears of the node, and an unbound pod or a NoSchedule taint does not
// make it look again. What proves that it has heard stays until the spec's end.
func LookAgain(ctx context.Context, e *framework.Env, name, node string) {
	fleet.Touch(ctx, e, name, witnessed(ctx, e, node).Name)
}

// witnessed returns once the controller has seen what was done to the nodes by
// now. That it has is told by a DaemonSet that tolerates everything and wants a
// label that the nodes get last of all: its pods, which nobody ever schedules, can
// be made by no controller that has not seen the label.
func witnessed(ctx context.Context, e *framework.Env, nodes ...string) *appsv1.DaemonSet {
	name := fmt.Sprintf("witness-%d", deeds(e.History.Entries()))
	for _, node := range nodes {
		e.LabelNode(ctx, node, e.Key(name), "true")
	}
	ds := e.CreateDaemonSet(ctx, e.DaemonSet(name, unbound.Scheduler, fleet.NodeSelector(e.Key(name), "true"),
		func(ds *appsv1.DaemonSet) {
			ds.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
		}))
	e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller hears of the label that "+strings.Join(nodes, ", ")+" got last", Pods(ds, nodes...))
	return ds
}

// deeds is how often the spec has laid hands on DaemonSets. It names each witness
// anew: one that is gone has left its label on the nodes.
func deeds(entries []history.Entry) int {
	n := 0
	for _, en := range entries {
		if en.Kind == history.KindAction && en.On == history.KindDaemonSet {
			n++
		}
	}
	return n
}

package site

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// Known waits until the controller has seen what the spec has done to the nodes
// by now. It hears of nodes and of DaemonSets by watches of their own, and under
// load one trails the other by seconds: a pod it makes for a node whose NoSchedule
// taint it has not heard of is no mistake, and stays.
//
// The nodes get a label, after all else, and a DaemonSet that wants the label and
// tolerates everything gets its pods, which nobody schedules. Then it goes again.
// The nodes must be leased exclusively, or have joined for the spec.
//
// The DaemonSet is first made to want no node: a controller that has not heard of
// a deletion makes the pods anew that the garbage collector takes, at any time
// after. One that has removed them by itself has none to make.
func Known(ctx context.Context, e *framework.Env, nodes ...string) {
	const name = "informed"
	key := e.Key(name)
	wanting := func(value string) func(*appsv1.DaemonSet) {
		return func(ds *appsv1.DaemonSet) {
			ds.Spec.Template.Spec.NodeSelector = map[string]string{key: value}
		}
	}
	ds := e.CreateDaemonSet(ctx, e.DaemonSet(name, unbound.Scheduler, wanting("true"), func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	}))
	for _, node := range nodes {
		e.LabelNode(ctx, node, key, "true")
	}
	e.BecomesFor(ctx, name, e.Timeouts.Placement, "the controller hears of the label that nodes "+strings.Join(nodes, ", ")+" got last", Pods(ds, nodes...))
	ds = e.UpdateDaemonSet(ctx, name, wanting("false"))
	e.BecomesFor(ctx, name, e.Timeouts.Placement, "DaemonSet "+name+", which wants no node any more, has no pods", Exactly(ds))
	e.DeleteDaemonSet(ctx, name, metav1.DeletePropagationBackground)
	e.Becomes(ctx, e.Timeouts.Placement, "DaemonSet "+name+" is gone", func(s *history.State) error {
		if s.DaemonSet(name) != nil {
			return fmt.Errorf("DaemonSet %s is still there", name)
		}
		return nil
	})
}

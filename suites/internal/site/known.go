package site

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
)

// Known waits until the controller has seen what the spec has done to the nodes
// by now. It hears of nodes and of DaemonSets by watches of their own, and under
// load one trails the other by seconds: a pod it makes for a node whose NoSchedule
// taint it has not heard of is no mistake, and stays.
//
// What proves it goes again. The nodes must be leased exclusively, or have joined
// for the spec.
//
// The DaemonSet that proves it is first made to want no node: a controller that
// has not heard of a deletion makes the pods anew that the garbage collector takes,
// at any time after. One that has removed them by itself has none to make.
func Known(ctx context.Context, e *framework.Env, nodes ...string) {
	name := witnessed(ctx, e, nodes...).Name
	ds := fleet.Update(ctx, e, name, fleet.NodeSelector(e.Key(name), "false"))
	e.BecomesFor(ctx, name, e.Timeouts.Placement, "DaemonSet "+name+", which wants no node any more, has no pods", Exactly(ds))
	e.DeleteDaemonSet(ctx, name, metav1.DeletePropagationBackground)
	e.Becomes(ctx, e.Timeouts.Placement, "DaemonSet "+name+" is gone", func(s *history.State) error {
		if s.DaemonSet(name) != nil {
			return fmt.Errorf("DaemonSet %s is still there", name)
		}
		return nil
	})
}

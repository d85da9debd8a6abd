package podlife

import (
	"context"
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

// statusConflicts: the DaemonSet has two writers, its user and its controller.
func statusConflicts() framework.Spec {
	const writes = 60
	return framework.Spec{
		ID: "DS-STA-018", Area: framework.PodLife, Title: "status writes meet writes of the spec", Level: framework.Core,
		Behaviour: "While others write to the DaemonSet all the time, the controller's status writes MUST NOT undo any of theirs, and the last status MUST be the true one, for the last generation.",
		Clauses:   []string{"DaemonSet.status.observedGeneration", "pkg/controller/daemon storeDaemonSetStatus", "kubernetes#99397"},
		Why: "A status write that comes between two writes of a user meets a conflict. A controller that writes without the resourceVersion it has read takes the user's annotation back to what it was; " +
			"one that gives the status up after a conflict leaves the numbers of before. The last write is an annotation, and is followed by a pod that becomes ready: nothing but its own status is left to the controller.",
		Nodes: framework.NodeNeed{Workers: 2},
		Body: func(ctx context.Context, e *framework.Env) {
			key := e.Key("daemon")
			e.LabelNode(ctx, e.Nodes[0], key, "yes")
			ds := e.CreateDaemonSet(ctx, e.DaemonSet("agent", unbound.Scheduler, fleet.NodeSelector(key, "yes")))
			unbound.Await(ctx, e, ds, e.Nodes[0])
			last := ds
			for i := range writes {
				// Each round gives the controller a status to write, and takes the
				// object from under its hands.
				switch i % 8 {
				case 0:
					e.LabelNode(ctx, e.Nodes[1], key, "yes")
				case 4:
					e.UnlabelNode(ctx, e.Nodes[1], key)
				}
				last = fleet.Update(ctx, e, "agent", fleet.HistoryLimit(int32(i%5)), fleet.Annotated("dsconform.dev/written", strconv.Itoa(i)),
					fleet.Annotated("dsconform.dev/written-"+strconv.Itoa(i), "yes"))
			}
			e.LabelNode(ctx, e.Nodes[1], key, "yes")
			// The label has come and gone before: until the controller knows that it is
			// there now, the pod that it has for the node may still be one that it deletes.
			site.LookAgain(ctx, e, "agent", e.Nodes[1])
			for _, node := range e.Nodes {
				unbound.Ready(ctx, e, unbound.Await(ctx, e, last, node))
			}
			e.BecomesFor(ctx, "agent", e.Timeouts.Placement, "the status is of the last generation and counts both nodes' pods as ready",
				fleet.Counts(last, map[string]int32{
					"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 2,
					"numberReady": 2, "numberAvailable": 2, "numberUnavailable": 0, "numberMisscheduled": 0,
				}))
			e.Check(allWritten(e.History.State().DaemonSet("agent"), writes), "every annotation that the spec wrote is still there")
			e.Check(fleet.Each(e, risesOnly("agent")), "at no instant is a write of the spec undone")
		},
	}
}

// allWritten judges that the annotations of all writes are there.
func allWritten(ds *appsv1.DaemonSet, writes int) error {
	for i := range writes {
		if ds.Annotations["dsconform.dev/written-"+strconv.Itoa(i)] == "" {
			return fmt.Errorf("the annotation of write %d is gone", i)
		}
	}
	if got := ds.Annotations["dsconform.dev/written"]; got != strconv.Itoa(writes-1) {
		return fmt.Errorf("the annotation that counts the writes is %q", got)
	}
	return nil
}

// risesOnly judges the entries of the log in their order: the annotation that
// counts the spec's writes to the DaemonSet, and its generation, never go back.
func risesOnly(name string) func(*history.State, history.Entry) error {
	count, generation := -1, int64(0)
	return func(_ *history.State, en history.Entry) error {
		ds, ok := en.Object.(*appsv1.DaemonSet)
		if !ok || ds.Name != name {
			return nil
		}
		now := -1
		if text, has := ds.Annotations["dsconform.dev/written"]; has {
			n, err := strconv.Atoi(text)
			if err != nil {
				return fmt.Errorf("the annotation that counts the writes is %q", text)
			}
			now = n
		}
		if now < count || ds.Generation < generation {
			return fmt.Errorf("the annotation that counts the writes went from %d to %d, the generation from %d to %d", count, now, generation, ds.Generation)
		}
		count, generation = now, ds.Generation
		return nil
	}
}

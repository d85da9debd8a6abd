package cost

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/site"
	"github.com/dsconform/dsconform/suites/internal/unbound"
)

const (
	// makers is how many nodes are made, or removed, at the same time.
	makers = 16
	// portion is how many of them one clean-up removes, in the time for one.
	portion = 250
	// crowdLimit is for a spec with so many nodes, and for its clean-up.
	crowdLimit = 10 * time.Minute
)

// crowd makes so many Nodes that no machine stands behind, and removes them at
// the end. They are for the spec's own DaemonSet: see ofCrowd. It waits until
// the event log has them all.
func crowd(ctx context.Context, e *framework.Env, n int) []string {
	of := site.NodeOf(e)
	nodes := e.Client.CoreV1().Nodes()
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("crowd-%04d.%s", i, e.Namespace)
	}
	// As a collection they would go one after another: an API server gives up on that
	// after a minute, and a busy one has most of them still to delete by then.
	for some := range slices.Chunk(names, portion) {
		e.Cleanup(fmt.Sprintf("remove the nodes %s to %s", some[0], some[len(some)-1]), func(ctx context.Context) error {
			return atOnce(some, func(name string) error {
				if err := nodes.Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
					return fmt.Errorf("delete node %s: %w", name, err)
				}
				return nil
			})
		})
	}
	e.Act(fmt.Sprintf("makes %d Nodes", n), history.KindNode, nil)
	e.Must(atOnce(names, func(name string) error {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: of.Labels}, Spec: corev1.NodeSpec{Taints: of.Taints}}
		_, err := nodes.Create(ctx, node, metav1.CreateOptions{})
		return err
	}), "make %d nodes", n)
	site.Await(ctx, e, e.Timeouts.NodeAction, "the event log has every node", func(s *history.State) error {
		if have := len(s.Nodes()); have < n {
			return fmt.Errorf("it has %d", have)
		}
		return nil
	})
	return names
}

// atOnce does it for all the names, as many at a time as there are makers. It
// gives the first error, and goes on with the others: a clean-up must.
func atOnce(names []string, do func(string) error) error {
	var group errgroup.Group
	group.SetLimit(makers)
	for _, name := range names {
		group.Go(func() error { return do(name) })
	}
	return group.Wait()
}

// ofCrowd confines the DaemonSet to the nodes of the crowd, whatever the node
// life-cycle controller says of nodes that no kubelet speaks for. Its pods stay
// unbound: what is counted is the controller's work alone.
func ofCrowd(e *framework.Env) fleet.Change {
	return func(ds *appsv1.DaemonSet) {
		site.Own(e)(ds)
		unbound.Scheduler(ds)
		ds.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	}
}

// reached judges that the status counts so many nodes as desired and as having their pod.
func reached(ds *appsv1.DaemonSet, n int) func(*history.State) error {
	return fleet.Counts(ds, map[string]int32{"desiredNumberScheduled": int32(n), "currentNumberScheduled": int32(n), "updatedNumberScheduled": int32(n), "numberReady": 0})
}

package sim

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
	"github.com/dsconform/dsconform/internal/supervisor"
)

// startAll starts the supervisor and then the components, each when what it
// needs is there.
func (c *Cluster) startAll(ctx context.Context, o Options) error {
	config := supervisor.Config{Attached: o.Attached, Components: c.plan.Components()}
	process, err := supervisor.Spawn(ctx, o.Executable, c.plan.Folder, config)
	if err != nil {
		return err
	}
	c.process = process
	if !o.Attached {
		if err := process.Release(); err != nil {
			return err
		}
	}
	return c.bringUp(ctx)
}

// bringUp starts the components in their order and returns once all are ready
// and one controller manager leads.
func (c *Cluster) bringUp(ctx context.Context) error {
	for _, name := range []string{controlplane.Etcd, controlplane.APIServer} {
		if err := c.startOne(ctx, name); err != nil {
			return err
		}
	}
	cs, err := c.client()
	if err != nil {
		return err
	}
	if err := controlplane.GrantRoles(ctx, cs); err != nil {
		return err
	}
	if err := c.freeLeases(ctx, corev1.NamespaceNodeLease, metav1.NamespaceSystem); err != nil {
		return err
	}
	work, inner := errgroup.WithContext(ctx)
	work.Go(func() error {
		if err := c.startOne(inner, controlplane.ControllerManager); err != nil {
			return err
		}
		return awaitLeader(inner, cs)
	})
	for _, name := range []string{controlplane.Scheduler, controlplane.KWOK} {
		work.Go(func() error { return c.startOne(inner, name) })
	}
	return work.Wait()
}

// startOne starts a component and waits until it is ready, or has ended: then
// its own last words are the error.
func (c *Cluster) startOne(ctx context.Context, name string) error {
	started, err := c.control.Do(ctx, name, supervisor.Start)
	if err != nil {
		return err
	}
	return c.whileRunning(ctx, []supervisor.Status{started}, func(ctx context.Context) error {
		return c.plan.AwaitReady(ctx, name)
	})
}

// whileRunning does what needs the components, and stops it when one of them
// ends: then that one's own last words are the error.
func (c *Cluster) whileRunning(ctx context.Context, needed []supervisor.Status, do func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, s := range needed {
		go func() {
			status, err := c.control.AwaitEnd(ctx, s.Name, s.Starts)
			if err == nil {
				err = &startError{status}
			}
			cancel(err)
		}()
	}
	err := do(ctx)
	var early *startError
	if err != nil && errors.As(context.Cause(ctx), &early) {
		return early
	}
	return err
}

// startError is a component that ended while it started.
type startError struct{ status supervisor.Status }

// Error implements error.
func (e *startError) Error() string {
	return fmt.Sprintf("%s ended at its start (%s), its last telling line: %s", e.status.Name, e.status.Exit, supervisor.Telling(e.status.Tail))
}

// awaitLeader waits until a controller manager leads: before that no controller works.
func awaitLeader(ctx context.Context, cs kubernetes.Interface) error {
	leases := cache.NewListWatchFromClient(cs.CoordinationV1().RESTClient(), "leases", metav1.NamespaceSystem,
		fields.OneTermEqualSelector(metav1.ObjectNameField, controlplane.ControllerManager))
	return await.Until(ctx, leases, "a "+controlplane.ControllerManager+" to lead", func(found []*coordinationv1.Lease) (bool, string) {
		for _, l := range found {
			if l.Spec.HolderIdentity != nil && *l.Spec.HolderIdentity != "" {
				return true, ""
			}
		}
		return false, "nobody holds the lease"
	})
}

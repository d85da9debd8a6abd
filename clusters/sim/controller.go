package sim

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
	"github.com/dsconform/dsconform/internal/supervisor"
)

// The cluster's own DaemonSet controller is a part of kube-controller-manager.
var (
	_ clusters.ControllerRestarter = (*Cluster)(nil)
	_ clusters.ControllerKiller    = (*Cluster)(nil)
	_ clusters.ControllerPauser    = (*Cluster)(nil)
)

// StopController implements clusters.ControllerRestarter.
func (c *Cluster) StopController(ctx context.Context) error { return c.manage(ctx, supervisor.Stop) }

// KillController implements clusters.ControllerKiller.
func (c *Cluster) KillController(ctx context.Context) error { return c.manage(ctx, supervisor.Kill) }

// PauseController implements clusters.ControllerPauser.
func (c *Cluster) PauseController(ctx context.Context) error {
	return c.manage(ctx, supervisor.Pause)
}

// ResumeController implements clusters.ControllerPauser.
func (c *Cluster) ResumeController(ctx context.Context) error {
	return c.manage(ctx, supervisor.Resume)
}

// StartController implements clusters.ControllerRestarter. It returns when the
// new process leads.
func (c *Cluster) StartController(ctx context.Context) error {
	ctx, cancel := bound(ctx, c.timeouts.NodeReady)
	defer cancel()
	all, err := c.Components(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Name == controlplane.ControllerManager && s.State == supervisor.Running {
			return nil
		}
	}
	cs, err := c.client()
	if err != nil {
		return err
	}
	// The one before is gone: its successor would wait until its lease has run out.
	if err := freeLease(ctx, cs, controlplane.ControllerManager); err != nil {
		return environment(fmt.Errorf("cluster %s: %w", c.name, err))
	}
	if err := c.startOne(ctx, controlplane.ControllerManager); err != nil {
		return environment(fmt.Errorf("cluster %s: %w", c.name, err))
	}
	if err := awaitLeader(ctx, cs); err != nil {
		return environment(fmt.Errorf("cluster %s: %w", c.name, err))
	}
	return nil
}

func (c *Cluster) manage(ctx context.Context, a supervisor.Action) error {
	_, err := c.Component(ctx, controlplane.ControllerManager, a)
	return err
}

// freeLease deletes the lease of one component whose process is gone.
func freeLease(ctx context.Context, cs kubernetes.Interface, name string) error {
	err := cs.CoordinationV1().Leases(metav1.NamespaceSystem).Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting the lease of %s: %w", name, err)
	}
	return nil
}

package kind

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/internal/exit"
)

// RemoveNode implements clusters.NodeRemover: the machine is stopped as if its
// power went, the Node deleted, the container and its volume removed, within
// Timeouts.Delete. A node that is gone is no error; only
// workers can be removed.
func (c *Cluster) RemoveNode(ctx context.Context, name string) error {
	ctx, cancel := bound(ctx, c.timeouts.Delete)
	defer cancel()
	ms, err := c.containers.machines(ctx, c.name)
	if err != nil {
		return exit.Environmentf("%w", err)
	}
	for _, m := range ms {
		if m.Name == name && m.Role != string(clusters.RoleWorker) {
			return exit.Usagef("%s is a %s machine: only workers can be removed", name, m.Role)
		}
	}
	cs, err := c.client()
	if err != nil {
		return err
	}
	if err := c.takeOut(ctx, cs, name); err != nil {
		return environment(fmt.Errorf("removing node %s from cluster %s: %w", name, c.name, err))
	}
	return nil
}

// takeOut stops a node's machine, deletes its Node and removes its container,
// in the order the API sees when a real machine goes: it falls silent first.
// Stopped at once it cannot register itself anew either.
func (c *Cluster) takeOut(ctx context.Context, cs kubernetes.Interface, name string) error {
	i, err := c.containers.inspect(ctx, name)
	exists := err == nil
	if err != nil && !errors.Is(err, errNoContainer) {
		return err
	}
	if exists && i.Config.Labels[clusterLabel] != c.name {
		return fmt.Errorf("container %s is not cluster %s's: it is left alone", name, c.name)
	}
	if exists && i.State.Running {
		if err = c.containers.run(ctx, nil, nil, "kill", name); err != nil && !notRunning(err) {
			return fmt.Errorf("stopping the machine of node %s: %w", name, err)
		}
	}
	err = cs.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting Node %s: %w", name, err)
	}
	if !exists {
		return nil
	}
	if err := c.containers.remove(ctx, name); err != nil {
		return fmt.Errorf("removing the machine of node %s: %w", name, err)
	}
	return nil
}

// notRunning tells whether a container could not be stopped because it had stopped.
func notRunning(err error) bool {
	var ce *commandError
	return errors.As(err, &ce) && strings.Contains(ce.output, "is not running")
}

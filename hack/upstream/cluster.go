package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/dsconform/dsconform/hack/internal/trial"
)

// cluster is a control plane with simulated nodes, without the DaemonSet controller.
type cluster struct {
	executable, name, dir string
	nodes                 int
}

// kubeconfig is the path of the cluster's.
func (c cluster) kubeconfig() string { return filepath.Join(c.dir, "kubeconfig") }

// create makes the cluster, which runs without the controllers named either, and
// whose API server goes by the policies.
func (c cluster) create(ctx context.Context, without []string, policies string) error {
	err := await(child(ctx, c.log(), nil, c.executable, "cluster", "create", "--provider=sim", "--name="+c.name, "--plain",
		"--nodes="+strconv.Itoa(c.nodes), "--controllers="+trial.Controllers(without), "--kubeconfig="+c.kubeconfig()))
	if err != nil {
		return fmt.Errorf("make the cluster, see %s: %w", c.log(), err)
	}
	if policies == "" {
		return nil
	}
	if err = trial.Admit(ctx, &appender{path: c.log()}, c.executable, c.kubeconfig(), policies); err != nil {
		return fmt.Errorf("apply the policies, see %s: %w", c.log(), err)
	}
	return nil
}

// remove removes the cluster, whether it was made or not.
func (c cluster) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if err := await(child(ctx, c.log(), nil, c.executable, "cluster", "delete", "--name="+c.name)); err != nil {
		return fmt.Errorf("remove the cluster, see %s: %w", c.log(), err)
	}
	return nil
}

func (c cluster) log() string { return filepath.Join(c.dir, "cluster.log") }

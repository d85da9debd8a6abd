package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// newClusterCommand makes `dsconform cluster` and all below it. Steps are shown
// on standard error, so that standard output holds the answer alone.
func newClusterCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "Make, change and delete clusters: of kind, with real kubelets, or of simulated nodes",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newClusterCreateCommand(), newClusterDeleteCommand(), newClusterListCommand(),
		newClusterNodeCommand(), newClusterLoadImageCommand(),
		newClusterKubeconfigCommand(), newClusterEnvCommand(), newClusterLogsCommand(),
	)
	return cmd
}

func newClusterCreateCommand() *cobra.Command {
	f := &createFlags{}
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a cluster and wait until all its nodes are of use",
		Long: "With --provider=kind, create finds a container engine and a node image, makes a kind cluster and waits until all nodes are Ready, network and DNS are up " +
			"and the start-up taints are gone. If it fails or is interrupted it leaves nothing behind; the error names the folder with the nodes' logs.\n\n" +
			"With --provider=sim it starts a control plane as processes of this machine and simulates the nodes' kubelets: up in seconds, with any number of nodes.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, made, err := f.get(cmd.Context(), steps.New(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			return tell(cmd.Context(), cmd.OutOrStdout(), c, made)
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().StringVar(&f.kind.kubeconfig, "kubeconfig", "", "write the kubeconfig to this file, merging with what is there (default: a file of its own in the user's cache folder)")
	return cmd
}

// tell says what the user has got.
func tell(ctx context.Context, w io.Writer, c ownCluster, made bool) error {
	names, err := c.Nodes(ctx)
	if err != nil {
		return err
	}
	verb := "is ready"
	if !made {
		verb = "was there already and is healthy"
	}
	return printed(fmt.Fprintf(w, "cluster %s %s: Kubernetes %s, %d nodes\nexport KUBECONFIG=%s\n", c.Name(), verb, c.KubernetesVersion(), len(names), c.KubeconfigPath()))
}

func newClusterDeleteCommand() *cobra.Command {
	f := &existingFlags{}
	cmd := &cobra.Command{
		Use:   "delete",
		Short: "Delete a cluster and all that is its",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.remove(cmd.Context(), steps.New(cmd.ErrOrStderr()))
		},
	}
	f.register(cmd.Flags())
	return cmd
}

// printed classes what a print to standard output gives: a closed pipe is the
// environment's doing.
func printed(_ int, err error) error {
	if err != nil {
		return exit.Environmentf("printing the answer: %w", err)
	}
	return nil
}

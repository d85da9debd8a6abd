package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dsconform/dsconform/clusters/engine"
	"github.com/dsconform/dsconform/clusters/kind"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// newClusterCommand makes `dsconform cluster` and all below it. Steps are shown
// on standard error, so that standard output holds the answer alone.
func newClusterCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "Make, change and delete kind clusters with real kubelets",
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
	f := &clusterFlags{}
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a cluster and wait until all its nodes are of use",
		Long: "create finds a container engine and a node image, makes a kind cluster and waits until all nodes are Ready, network and DNS are up " +
			"and the start-up taints are gone. If it fails or is interrupted it leaves nothing behind; the error names the folder with the nodes' logs.",
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
	cmd.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "write the kubeconfig to this file, merging with what is there (default: a file of its own in the user's cache folder)")
	return cmd
}

// tell says what the user has got.
func tell(ctx context.Context, w io.Writer, c *kind.Cluster, made bool) error {
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
			log := steps.New(cmd.ErrOrStderr())
			e, err := f.engine(cmd.Context(), log)
			if err != nil {
				return err
			}
			return kind.Delete(cmd.Context(), kind.Options{Engine: e, Name: f.name, Log: log})
		},
	}
	f.register(cmd.Flags())
	return cmd
}

func newClusterListCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the kind clusters there are",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			engines, err := reachable(ctx, steps.New(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			infos := []kind.Info{}
			for _, e := range engines {
				more, err := kind.List(ctx, kind.Options{Engine: e})
				if err != nil {
					return err
				}
				infos = append(infos, more...)
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return printed(0, enc.Encode(infos))
			}
			return listClusters(cmd.OutOrStdout(), infos)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func listClusters(w io.Writer, infos []kind.Info) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(t, "NAME\tSTATE\tKUBERNETES\tCONTAINERS\tKUBECONFIG")
	for _, i := range infos {
		state := i.Phase
		if !i.Ours {
			state = "not made by dsconform"
		}
		if err == nil {
			_, err = fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\n", i.Name, state, or(i.KubernetesVersion, "-"), i.Containers, or(i.Kubeconfig, "-"))
		}
	}
	if err == nil {
		err = t.Flush()
	}
	return printed(0, err)
}

// printed classes what a print to standard output gives: a closed pipe is the
// environment's doing.
func printed(_ int, err error) error {
	if err != nil {
		return exit.Environmentf("printing the answer: %w", err)
	}
	return nil
}

// Both make an engine of the kind package's taste.
var _ kind.Engine = (*engine.Engine)(nil)

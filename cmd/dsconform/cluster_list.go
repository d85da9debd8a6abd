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
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/steps"
)

// clusterLists are the clusters there are, by provider.
type clusterLists struct {
	Kind []kind.Info `json:"kind"`
	Sim  []sim.Info  `json:"sim"`
}

func newClusterListCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the clusters there are",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := listAll(cmd.Context(), steps.New(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return printed(0, enc.Encode(all))
			}
			return listClusters(cmd.OutOrStdout(), all)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// listAll lists what there is. Without an engine there is nothing of kind's,
// which is said.
func listAll(ctx context.Context, log *steps.Log) (clusterLists, error) {
	all := clusterLists{Kind: []kind.Info{}, Sim: []sim.Info{}}
	simulated, err := sim.List(ctx, sim.Options{})
	if err != nil {
		return all, err
	}
	all.Sim = append(all.Sim, simulated...)
	engines, err := reachable(ctx, log)
	if err != nil {
		log.Notef("clusters of kind cannot be listed: %s", oneLine(err))
	}
	for _, e := range engines {
		more, err := kind.List(ctx, kind.Options{Engine: e})
		if err != nil {
			return all, err
		}
		all.Kind = append(all.Kind, more...)
	}
	return all, nil
}

func listClusters(w io.Writer, all clusterLists) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(t, "NAME\tPROVIDER\tSTATE\tKUBERNETES\tNODES\tKUBECONFIG")
	row := func(name, provider, state, version string, nodes int, kubeconfig string) {
		if err == nil {
			_, err = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\n", name, provider, state, or(version, "-"), nodes, or(kubeconfig, "-"))
		}
	}
	for _, i := range all.Kind {
		state := i.Phase
		if !i.Ours {
			state = "not made by dsconform"
		}
		row(i.Name, kind.ProviderName, state, i.KubernetesVersion, i.Containers, i.Kubeconfig)
	}
	for _, i := range all.Sim {
		row(i.Name, sim.ProviderName, i.Phase, i.KubernetesVersion, i.Workers+1, i.Kubeconfig)
	}
	if err == nil {
		err = t.Flush()
	}
	return printed(0, err)
}

// Both make an engine of the kind package's taste.
var _ kind.Engine = (*engine.Engine)(nil)

package main

import (
	"fmt"
	"os"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/spf13/cobra"

	"github.com/dsconform/dsconform/clusters/kind"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// oneArg makes a check for exactly one argument and says what it should be.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return exit.Usagef("%s takes exactly one argument, %s, and was given %d (see `%s --help`)", cmd.CommandPath(), what, len(args), cmd.CommandPath())
		}
		return nil
	}
}

func newClusterLoadImageCommand() *cobra.Command {
	f := &existingFlags{}
	fromEngine := false
	cmd := &cobra.Command{
		Use:   "load-image ARCHIVE",
		Short: "Load an image archive onto all nodes, and onto those that join later",
		Args:  oneArg("the path of a docker or OCI image archive"),
		RunE: func(cmd *cobra.Command, args []string) error {
			log := steps.New(cmd.ErrOrStderr())
			provider, err := f.find(cmd.Context())
			if err != nil {
				return err
			}
			if provider == sim.ProviderName {
				return exit.Usagef("cluster %q is simulated: its nodes take every image for granted", f.name)
			}
			c, err := f.openKind(cmd.Context(), log)
			if err != nil {
				return err
			}
			load := c.LoadImageArchive
			if fromEngine {
				load = c.LoadImage
			}
			return doStep(cmd, log, "loading "+args[0], func() error { return load(cmd.Context(), args[0]) })
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().BoolVar(&fromEngine, "from-engine", false, "take the argument as the name of an image the container engine holds")
	return cmd
}

func newClusterKubeconfigCommand() *cobra.Command {
	f := &existingFlags{}
	content := false
	cmd := &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print the path of a cluster's kubeconfig",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.open(cmd.Context(), steps.New(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			if !content {
				return printed(fmt.Fprintln(cmd.OutOrStdout(), c.KubeconfigPath()))
			}
			raw, err := os.ReadFile(c.KubeconfigPath())
			if err != nil {
				return exit.Environmentf("reading the kubeconfig: %w", err)
			}
			return printed(cmd.OutOrStdout().Write(raw))
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().BoolVar(&content, "content", false, "print what is in the file instead of its path")
	return cmd
}

func newClusterLogsCommand() *cobra.Command {
	f := &existingFlags{}
	cmd := &cobra.Command{
		Use:   "logs FOLDER",
		Short: "Save the logs of a cluster below a folder",
		Args:  oneArg("the folder to save them in"),
		RunE: func(cmd *cobra.Command, args []string) error {
			log := steps.New(cmd.ErrOrStderr())
			c, err := f.open(cmd.Context(), log)
			if err != nil {
				return err
			}
			return doStep(cmd, log, "saving the nodes' logs below "+args[0], func() error { return c.CollectLogs(cmd.Context(), args[0]) })
		},
	}
	f.register(cmd.Flags())
	return cmd
}

func newClusterEnvCommand() *cobra.Command {
	f := &existingFlags{}
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Print what leads kubectl, kind and the engine's command line to a cluster, for `eval`",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, log := cmd.Context(), steps.New(cmd.ErrOrStderr())
			c, err := f.open(ctx, log)
			if err != nil {
				return err
			}
			env := []string{"KUBECONFIG=" + c.KubeconfigPath()}
			if c.Provider() == kind.ProviderName {
				e, err := f.engine(ctx, log)
				if err != nil {
					return err
				}
				// Without its digest: an image composed here stands in no registry, and has none to be found by.
				image, _, _ := strings.Cut(c.Images()["node"], "@")
				env = append(append(env, e.Env()...), "KIND_CLUSTER_NAME="+c.Name(), "NODE_IMAGE="+image)
			}
			for _, entry := range env {
				key, value, _ := strings.Cut(entry, "=")
				if err := printed(fmt.Fprintf(cmd.OutOrStdout(), "export %s=%s\n", key, shellescape.Quote(value))); err != nil {
					return err
				}
			}
			return nil
		},
	}
	f.register(cmd.Flags())
	return cmd
}

package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

func newClusterNodeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "node",
		Short: "Join, remove, stop, freeze and reboot the nodes of a running cluster",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newNodeAddCommand())
	for _, a := range nodeActions() {
		cmd.AddCommand(a.command())
	}
	return cmd
}

func newNodeAddCommand() *cobra.Command {
	f := &existingFlags{}
	var labels, taints []string
	cmd := &cobra.Command{
		Use:   "add [NODE]",
		Short: "Join a worker and wait until it is Ready; prints its name",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return exit.Usagef("%s takes one argument at most, the node's name, and was given %d", cmd.CommandPath(), len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			spec := clusters.NodeSpec{Role: clusters.RoleWorker}
			var err error
			if spec.Labels, err = parseLabels(labels); err != nil {
				return err
			}
			if spec.Taints, err = parseTaints(taints); err != nil {
				return err
			}
			if len(args) == 1 {
				spec.Name = args[0]
			}
			log := steps.New(cmd.ErrOrStderr())
			c, err := f.open(cmd.Context(), log)
			if err != nil {
				return err
			}
			name := ""
			if err := doStep(cmd, log, "joining a node", func() (err error) {
				name, err = c.AddNode(cmd.Context(), spec)
				return err
			}); err != nil {
				return err
			}
			return printed(fmt.Fprintln(cmd.OutOrStdout(), name))
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().StringArrayVar(&labels, "label", nil, "a label the node registers with, as key=value (may be given again)")
	cmd.Flags().StringArrayVar(&taints, "taint", nil, "a taint the node registers with, as key=value:NoSchedule (may be given again)")
	return cmd
}

// nodeAction is a command that does one thing to one node.
type nodeAction struct {
	verb, doing, short string
	do                 func(ctx context.Context, c ownCluster, node string) error
	// doKubelet, if set, is done instead under --kubelet-only.
	doKubelet func(ctx context.Context, c ownCluster, node string) error
}

func nodeActions() []nodeAction {
	return []nodeAction{
		{verb: "remove", doing: "removing", short: "Take a worker out of the cluster for good",
			do: func(ctx context.Context, c ownCluster, n string) error { return removeNode(ctx, c, n) }},
		{verb: "stop", doing: "stopping", short: "Stop a node's machine as if its power went",
			do:        func(ctx context.Context, c ownCluster, n string) error { return c.StopNode(ctx, n) },
			doKubelet: func(ctx context.Context, c ownCluster, n string) error { return c.StopKubelet(ctx, n) }},
		{verb: "start", doing: "starting", short: "Start a node's machine, and wait until its kubelet runs",
			do:        func(ctx context.Context, c ownCluster, n string) error { return c.StartNode(ctx, n) },
			doKubelet: func(ctx context.Context, c ownCluster, n string) error { return c.StartKubelet(ctx, n) }},
		{verb: "pause", doing: "freezing", short: "Freeze everything that runs on a node",
			do: func(ctx context.Context, c ownCluster, n string) error { return c.PauseNode(ctx, n) }},
		{verb: "unpause", doing: "thawing", short: "Let a frozen node go on",
			do: func(ctx context.Context, c ownCluster, n string) error { return c.UnpauseNode(ctx, n) }},
		{verb: "reboot", doing: "rebooting", short: "Restart a node's machine, and wait until its kubelet runs",
			do: func(ctx context.Context, c ownCluster, n string) error { return c.RebootNode(ctx, n) }},
	}
}

func (a nodeAction) command() *cobra.Command {
	f := &existingFlags{}
	kubeletOnly := false
	cmd := &cobra.Command{
		Use:   a.verb + " NODE",
		Short: a.short,
		Args:  oneArg("the node's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			log := steps.New(cmd.ErrOrStderr())
			c, err := f.open(cmd.Context(), log)
			if err != nil {
				return err
			}
			do, what := a.do, "node "
			if kubeletOnly {
				do, what = a.doKubelet, "the kubelet of node "
			}
			return doStep(cmd, log, a.doing+" "+what+args[0], func() error { return do(cmd.Context(), c, args[0]) })
		},
	}
	f.register(cmd.Flags())
	if a.doKubelet != nil {
		cmd.Flags().BoolVar(&kubeletOnly, "kubelet-only", false, a.verb+" the kubelet alone: the node's containers are left as they are")
	}
	return cmd
}

// removeNode refuses a name that is no node's: at a command line it is a typing
// error, where for a program a node that is gone is as good as removed.
func removeNode(ctx context.Context, c ownCluster, node string) error {
	if err := c.Has(ctx, node); err != nil {
		return err
	}
	return c.RemoveNode(ctx, node)
}

// doStep runs one step, shown and timed, whose limit the work sets itself.
func doStep(cmd *cobra.Command, log *steps.Log, name string, do func() error) error {
	return log.Do(cmd.Context(), name, 0, func(context.Context) error { return do() })
}

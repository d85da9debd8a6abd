package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dsconform/dsconform/clusters/engine"
	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/kubectl"
	"github.com/dsconform/dsconform/framework/run"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/supervisor"
	"github.com/dsconform/dsconform/suites"
)

// version is stamped by the Makefile.
var version = "dev"

func main() {
	if code, ran := engine.MaybeRunWrapper(os.Args); ran {
		os.Exit(code)
	}
	if run.IsWorker(os.Args[0]) {
		os.Exit(run.Worker(context.Background(), suites.All(), run.On(openCluster)))
	}
	if supervisor.IsRole(os.Args) {
		os.Exit(supervisor.Main(context.Background(), os.Args[2:]))
	}
	if kubectl.IsChild(os.Args) {
		os.Exit(kubectl.Main(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == run.CoordinatorCommand {
		run.Coordinator(os.Args[2:])
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := execute(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "Error: %s\n", oneLine(err))
	}
	os.Exit(int(exit.Of(err)))
}

func execute(ctx context.Context, args []string) error {
	root := newRootCommand() //nolint:contextcheck // Cobra hands the context to each command.
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil && exit.Of(err) == exit.Internal {
		return exit.Environmentf("interrupted: %w", err)
	}
	return err
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "dsconform",
		Short: "Certify implementations of the Kubernetes DaemonSet controller",
		Long: "dsconform judges an implementation of the Kubernetes DaemonSet controller on a cluster with real kubelets, or with simulated ones.\n\n" +
			"Exit codes: 0 conformant, 1 not conformant, 2 wrong usage, 3 the environment stopped us, 4 a fault of dsconform.",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(newRunCommand(), newHistoriesCommand(), newCatalogueCommand(), newClusterCommand(), newCleanCommand(), newDocsCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	strictUsage(root)
	return root
}

// strictUsage makes every wrong flag or argument below cmd one clear line of
// class Usage that says what would be right.
func strictUsage(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		var unknown *pflag.NotExistError
		if errors.As(err, &unknown) {
			var known []string
			c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
			name := unknown.GetSpecifiedName()
			return exit.Usagef("%s has no flag --%s; the nearest is %s (see `%s --help`)", c.CommandPath(), name, framework.Nearest("--"+name, known), c.CommandPath())
		}
		return exit.Usagef("%w (see `%s --help`)", err, c.CommandPath())
	})
	for _, sub := range cmd.Commands() {
		strictUsage(sub)
	}
}

// noArgs refuses arguments; on a command with sub-commands it names the nearest.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			known = append(known, sub.Name())
		}
	}
	if len(known) > 0 {
		return exit.Usagef("%s has no command %q; the nearest is %q (see `%s --help`)", cmd.CommandPath(), args[0], framework.Nearest(args[0], known), cmd.CommandPath())
	}
	return exit.Usagef("%s takes no arguments, and was given %q", cmd.CommandPath(), strings.Join(args, " "))
}

// oneLine keeps an error's text to one line.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(strings.TrimSpace(err.Error()), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

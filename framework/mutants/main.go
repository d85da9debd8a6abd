package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/dsconform/dsconform/framework/mutants/catalogue"
	"github.com/dsconform/dsconform/framework/mutants/rig"
)

// The exit codes are those of dsconform.
const (
	exitUsage       = 2
	exitEnvironment = 3
)

// variable names the defect where no flag does: dsconform starts a program
// without arguments.
const variable = "DSCONFORM_MUTANT"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv(variable), os.Stdout, os.Stderr))
}

// usageError is a fault of whoever called the program.
type usageError struct{ error }

// run is the program, and gives its exit code.
func run(ctx context.Context, args []string, mutant string, out, errs io.Writer) int {
	err := command(ctx, args, mutant, out, errs)
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(errs, "mutants: %v\n", err)
		return exitUsage
	}
	fmt.Fprintf(errs, "mutants: %v\n", err)
	return exitEnvironment
}

func command(ctx context.Context, args []string, mutant string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.SetOutput(errs)
	list := flags.Bool("list", false, "list the defects, one a line")
	asJSON := flags.Bool("json", false, "with --list: as JSON, with everything that is declared of each")
	id := flags.String("mutant", mutant, "the `ID` of the defect to run the controller with, or none; $"+variable+" if it is not given")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return usageError{err}
	}
	switch {
	case flags.NArg() > 0:
		return usageError{fmt.Errorf("unexpected argument %q", flags.Arg(0))}
	case *asJSON && !*list:
		return usageError{errors.New("--json goes with --list")}
	case *list && *asJSON:
		return catalogue.WriteJSON(out)
	case *list:
		return catalogue.WriteText(out)
	}
	m, err := choose(*id)
	if err != nil {
		return usageError{err}
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv(clientcmd.RecommendedConfigPathEnvVar))
	if err != nil {
		return fmt.Errorf("reading $%s: %w", clientcmd.RecommendedConfigPathEnvVar, err)
	}
	log := slog.New(slog.NewTextHandler(errs, nil)).With("mutant", *id)
	return rig.Run(ctx, config, m.Inject, log)
}

// choose gives the defect of the ID; none is the controller as it is.
func choose(id string) (catalogue.Mutant, error) {
	none := catalogue.Mutant{ID: "none", Inject: func(*rig.Setup) {}}
	switch id {
	case "":
		return none, errors.New("say which with --mutant=ID, none for the controller as it is; --list names them")
	case none.ID:
		return none, nil
	}
	m, ok := catalogue.Find(id)
	if !ok {
		return m, fmt.Errorf("there is no mutant %q; the nearest is %q", id, catalogue.Nearest(id))
	}
	if m.Inject == nil {
		m.Inject = none.Inject
	}
	return m, nil
}

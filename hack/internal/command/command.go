package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/dsconform/dsconform/internal/exit"
)

// Main runs a program to its end and exits: do gets a context that also ends with
// Ctrl-C, the arguments, and where to print. What it gives as its error is shown in
// one line behind the program's name, and is the exit code by its class.
func Main(ctx context.Context, name string, do func(ctx context.Context, args []string, out io.Writer) error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	err := do(ctx, os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", OneLine(err))
	}
	os.Exit(int(exit.Of(err)))
}

// Parse reads the flags from the arguments. --help lists them to out and gives
// flag.ErrHelp; what is wrong is one line of class Usage. Arguments that are no
// flags are left to the caller, in flags.Args.
func Parse(flags *flag.FlagSet, args []string, out io.Writer) error {
	flags.SetOutput(io.Discard) // what is wrong is one line, and not all flags
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(out)
		flags.PrintDefaults()
		return err
	}
	if err != nil {
		return exit.Usagef("%w (--help lists the flags)", err)
	}
	return nil
}

// ParseAll is Parse for a program that takes nothing but flags.
func ParseAll(flags *flag.FlagSet, args []string, out io.Writer) error {
	if err := Parse(flags, args, out); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return exit.Usagef("unexpected argument %q", flags.Arg(0))
	}
	return nil
}

// Words splits a flag's value at commas and spaces.
func Words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// Absolute makes the paths absolute in place.
func Absolute(paths ...*string) error {
	for _, path := range paths {
		abs, err := filepath.Abs(*path)
		if err != nil {
			return exit.Environmentf("make the path %s absolute: %w", *path, err)
		}
		*path = abs
	}
	return nil
}

// OneLine words an error as one line.
func OneLine(err error) string { return strings.Join(strings.Fields(fmt.Sprint(err)), " ") }

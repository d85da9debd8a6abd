// Package cli runs the command line of a container engine.
//
// What may not live here: which engine is used, and what is asked of it.
package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// CLI is an engine's command line with the environment that leads it to one engine.
type CLI struct {
	// Name is the program, in PATH or as a path.
	Name string
	// Env is added to this process's environment.
	Env []string
}

// pipeGrace is how long a finished or killed command's children may hold its output open.
const pipeGrace = 5 * time.Second

// Command prepares a run of the program, which ends with ctx.
func (c CLI) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Name, args...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.WaitDelay = pipeGrace
	return cmd
}

// Output runs the program and gives its standard output without surrounding
// white space. The error names the command and quotes its standard error.
func (c CLI) Output(ctx context.Context, args ...string) (string, error) {
	return Run(ctx, c.Command(ctx, args...))
}

// Run runs the command and gives its standard output without surrounding
// white space, as Output does. Streams the caller has set are kept.
func Run(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &stderr
	}
	if err := cmd.Run(); err != nil {
		return strings.TrimSpace(stdout.String()), failure(ctx, cmd, err, stderr.String())
	}
	return strings.TrimSpace(stdout.String()), nil
}

func failure(ctx context.Context, cmd *exec.Cmd, err error, stderr string) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, exec.ErrNotFound) {
		err = cause
	}
	said := oneLine(stderr)
	if said == "" {
		return fmt.Errorf("%s: %w", Quote(cmd.Args), err)
	}
	return fmt.Errorf("%s: %w: %s", Quote(cmd.Args), err, said)
}

// most of what a program says is in its last words.
const saidBytes = 2000

func oneLine(s string) string {
	if len(s) > saidBytes {
		s = "..." + s[len(s)-saidBytes:]
	}
	var lines []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// longArg is where an argument in a message is cut off.
const longArg = 200

// Quote renders a command line for a message.
func Quote(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		if len(a) > longArg {
			a = a[:longArg] + "..."
		}
		if a == "" || strings.ContainsAny(a, " \t\n\"'$&|;<>*?{}") {
			a = fmt.Sprintf("%q", a)
		}
		words[i] = a
	}
	return strings.Join(words, " ")
}

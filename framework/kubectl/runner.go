package kubectl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Self gives the command by which this executable becomes kubectl, for
// Runner.Exe. The executable must ask IsChild before all else.
func Self() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find our own executable to run kubectl with: %w", err)
	}
	return []string{self, Word}, nil
}

// Runner runs kubectl against one cluster. Its methods may be called from
// several goroutines at once.
type Runner struct {
	// Exe is the command, with leading arguments, that is kubectl; see Self.
	Exe []string
	// Kubeconfig is the path of the kubeconfig; its current context is used.
	Kubeconfig string
	// Namespace is the default namespace; -n and -A override it as usual.
	Namespace string
	// UserAgent names run and spec in the API server's audit log; may be empty.
	UserAgent string
	// CacheDir keeps what kubectl learns of the server's APIs. Left empty, each
	// command has an own one that ends with it: a cache shared by clusters that
	// follow each other on one port answers for the wrong one.
	CacheDir string
}

// Call is one command.
type Call struct {
	// Args are the words after "kubectl".
	Args []string
	// Stdin is what the command reads; nil for nothing.
	Stdin io.Reader
	// OnLine, if set, is given each line of standard output as it comes, without
	// its end, from one goroutine. It ends a "--watch" or "-f" by cancelling ctx.
	OnLine func(line string)
}

// stopGrace is how long a command may take to end once it was interrupted.
const stopGrace = 5 * time.Second

// Run runs the command given by its words and waits for its end.
func (r *Runner) Run(ctx context.Context, args ...string) Result {
	return r.Do(ctx, Call{Args: args})
}

// Do runs the command. It never fails as such: all that can go wrong is in the
// Result. When ctx ends, the command is interrupted as by Ctrl-C, and killed if
// it does not mind.
func (r *Runner) Do(ctx context.Context, call Call) Result {
	started := time.Now()
	res := Result{Args: slices.Clone(call.Args), Namespace: r.Namespace, ExitCode: NotRun}
	err := r.run(ctx, call, &res)
	res.Took = time.Since(started)
	var exited *exec.ExitError
	switch {
	case ctx.Err() != nil && err != nil:
		res.Err = fmt.Errorf("%s: stopped after %s: %w", res.CommandLine(), res.Took.Round(time.Millisecond), context.Cause(ctx))
	case errors.As(err, &exited) && exited.Exited():
		res.ExitCode = exited.ExitCode()
		res.Err = fmt.Errorf("%s: exit code %d: %s", res.CommandLine(), res.ExitCode, lastLine(res.Stderr))
	case err != nil:
		res.Err = fmt.Errorf("%s: cannot run it: %w", res.CommandLine(), err)
	default:
		res.ExitCode = 0
	}
	return res
}

func (r *Runner) run(ctx context.Context, call Call, res *Result) error {
	if len(r.Exe) == 0 {
		return errors.New("no executable is set that can be kubectl")
	}
	cache := r.CacheDir
	if cache == "" {
		own, err := os.MkdirTemp("", "dsconform-kubectl-")
		if err != nil {
			return fmt.Errorf("make kubectl's cache: %w", err)
		}
		defer os.RemoveAll(own)
		cache = own
	}
	leash, hold, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make kubectl's leash: %w", err)
	}
	defer hold.Close()
	defer leash.Close()

	words := append(slices.Clone(r.Exe[1:]), r.globalFlags()...)
	cmd := exec.CommandContext(ctx, r.Exe[0], append(words, call.Args...)...)
	cmd.Env = append(environment(os.Environ()),
		"KUBECACHEDIR="+cache, leashEnv+"=3", userAgentEnv+"="+r.UserAgent)
	cmd.ExtraFiles = []*os.File{leash}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopGrace
	cmd.Stdin = call.Stdin
	var stdout, stderr bytes.Buffer
	lines := &lineWriter{each: call.OnLine}
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&stdout, lines), &stderr
	err = cmd.Run()
	lines.flush()
	res.Stdout, res.Stderr = stdout.String(), stderr.String()
	return err
}

// globalFlags stand before the verb, so that the caller's own win and nothing
// after a "--" is touched.
func (r *Runner) globalFlags() []string {
	var flags []string
	if r.Kubeconfig != "" {
		flags = append(flags, "--kubeconfig="+r.Kubeconfig)
	}
	if r.Namespace != "" {
		flags = append(flags, "--namespace="+r.Namespace)
	}
	return flags
}

// environment takes out what would make kubectl's answers depend on who runs
// it: another kubeconfig, own defaults and aliases (kuberc), feature switches,
// an external diff program, the language.
func environment(env []string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "KUBECTL_") || strings.HasPrefix(name, "LC_") ||
			slices.Contains([]string{"KUBECONFIG", "KUBERC", "KUBECACHEDIR", "LANG", "LANGUAGE"}, name)
	})
	return append(env, "KUBERC=off", "LC_ALL=C")
}

// lineWriter hands on whole lines.
type lineWriter struct {
	each    func(string)
	pending []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	if w.each == nil {
		return len(p), nil
	}
	w.pending = append(w.pending, p...)
	for {
		line, rest, found := bytes.Cut(w.pending, []byte("\n"))
		if !found {
			return len(p), nil
		}
		w.each(string(line))
		w.pending = rest
	}
}

// flush hands on a last line without an end.
func (w *lineWriter) flush() {
	if w.each != nil && len(w.pending) > 0 {
		w.each(string(w.pending))
		w.pending = nil
	}
}

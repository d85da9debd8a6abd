package binaries

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/mod/module"
)

// goTool runs the go command in a folder, with an environment that does not
// depend on the caller's: no workspace, no toolchain other than the installed
// one, modules resolved freely in the generated go.mod.
type goTool struct {
	dir string
	env []string
}

func newGoTool(dir string, extra ...string) goTool {
	env := append(os.Environ(), "GO111MODULE=on", "GOWORK=off", "GOTOOLCHAIN=local", "GOFLAGS=-mod=mod -buildvcs=false")
	return goTool{dir: dir, env: append(env, extra...)}
}

// command prepares `go args...`. On cancellation the whole process group ends,
// so that no compiler outlives the go command.
func (g goTool) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = g.dir, g.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// output gives the standard output of `go args...`; an error quotes the line of
// standard error that tells most.
func (g goTool) output(ctx context.Context, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := g.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.Bytes(), g.explain(ctx, args[0], err, stderr.String())
	}
	return stdout.Bytes(), nil
}

// stream runs `go args...` and writes all its output to w.
func (g goTool) stream(ctx context.Context, w io.Writer, args ...string) error {
	var tail bytes.Buffer
	cmd := g.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = w, io.MultiWriter(w, &tail)
	if err := cmd.Run(); err != nil {
		return g.explain(ctx, args[0], err, tail.String())
	}
	return nil
}

func (g goTool) explain(ctx context.Context, verb string, err error, stderr string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("go %s was stopped: %w", verb, context.Cause(ctx))
	}
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("the go command is not installed (needed to build Kubernetes): %w", err)
	}
	if line := tellingLine(stderr); line != "" {
		return fmt.Errorf("go %s: %s (%w)", verb, line, err)
	}
	return fmt.Errorf("go %s: %w", verb, err)
}

// tellingLine picks the line a reader wants from the output of a failed build:
// the first that is neither progress nor a package heading.
func tellingLine(output string) string {
	last := ""
	for line := range strings.SplitSeq(output, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "go: downloading ") || strings.HasPrefix(line, "go: added ") {
			continue
		}
		return line
	}
	return last
}

// download is what `go mod download -json` tells of one module.
type download struct {
	Path    string
	Version string
	Error   string
	GoMod   string
	Dir     string
	Sum     string
}

// downloadModules fetches modules into the module cache, or finds them there.
// The error of a module is in its entry; the error returned is of the call.
func (g goTool) downloadModules(ctx context.Context, mods ...module.Version) (map[module.Version]download, error) {
	args := []string{"mod", "download", "-json"}
	for _, m := range mods {
		args = append(args, m.Path+"@"+m.Version)
	}
	// The command fails when one module does; the JSON then says which.
	out, runErr := g.output(ctx, args...)
	found := map[module.Version]download{}
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var d download
		if err := dec.Decode(&d); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, errors.Join(fmt.Errorf("reading the output of go mod download: %w", err), runErr)
		}
		found[module.Version{Path: d.Path, Version: d.Version}] = d
	}
	for _, m := range mods {
		if _, ok := found[m]; !ok {
			if runErr != nil {
				return nil, runErr
			}
			return nil, fmt.Errorf("go mod download said nothing of %s", m)
		}
	}
	return found, nil
}

// versions lists what the module proxy has of a module.
func (g goTool) versions(ctx context.Context, path string) ([]string, error) {
	out, err := g.output(ctx, "list", "-m", "-versions", path)
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(string(out))
	if len(fields) < 2 {
		return nil, fmt.Errorf("the module proxy lists no version of %s", path)
	}
	return fields[1:], nil
}

// toolchain tells the Go version and, where C is compiled, the compiler and the
// C libraries, each as one line that changes when the tool does.
func (g goTool) toolchain(ctx context.Context) (string, error) {
	out, err := g.output(ctx, "env", "GOVERSION")
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(out)), nil
}

func cToolchain(ctx context.Context, p Program) (string, error) {
	if !p.Cgo {
		return "", nil
	}
	gcc, err := exec.CommandContext(ctx, "gcc", "-dumpfullversion", "-dumpmachine").Output()
	if err != nil {
		return "", fmt.Errorf("%s is built with C and gcc does not run (%w): install gcc, libc6-dev, pkg-config and the libraries' -dev packages (%s)", p, err, strings.Join(p.CLibraries, ", "))
	}
	text := strings.Join(strings.Fields(string(gcc)), " ")
	for _, lib := range p.CLibraries {
		v, err := exec.CommandContext(ctx, "pkg-config", "--modversion", lib).Output()
		if err != nil {
			return "", fmt.Errorf("%s is linked with %s and pkg-config does not find it (%w): install pkg-config and %s-dev", p, lib, err, lib)
		}
		text += " " + lib + " " + strings.TrimSpace(string(v))
	}
	return text, nil
}

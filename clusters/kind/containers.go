package kind

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sort"
	"strings"
	"syscall"
	"time"

	"github.com/dsconform/dsconform/clusters"
)

// The labels by which kind knows its containers; containers made here carry the
// same, so that every tool that works with kind clusters sees our nodes.
const (
	clusterLabel = "io.x-k8s.kind.cluster"
	roleLabel    = "io.x-k8s.kind.role"
)

// network is the container network all kind clusters share.
const network = "kind"

// Engine is what this provider asks of a container engine; *engine.Engine gives it.
type Engine interface {
	// Runtime is the name of the command line: "docker", "podman" or "nerdctl".
	Runtime() string
	// Command makes a call of that command line.
	Command(ctx context.Context, args ...string) *exec.Cmd
	// Apply makes the engine the default one of this process: kind's library
	// finds it through the environment only.
	Apply() error
}

// containers runs an engine's command line.
type containers struct {
	engine Engine
}

// commandError is a failed call of the engine's command line.
type commandError struct {
	args   []string
	output string
	err    error
}

func (e *commandError) Error() string {
	shown := strings.Join(e.args, " ")
	if len(shown) > 80 {
		shown = shown[:60] + " … " + e.args[len(e.args)-1]
	}
	if line := tellingLine(e.output); line != "" {
		return fmt.Sprintf("%s: %v: %s", shown, e.err, line)
	}
	return fmt.Sprintf("%s: %v", shown, e.err)
}

func (e *commandError) Unwrap() error { return e.err }

// run executes one call. The child gets its own process group: an interrupt
// typed at the terminal must reach us alone, as a call cut in half (a container
// half made) is what cannot be cleaned up behind.
func (c containers) run(ctx context.Context, stdin io.Reader, stdout io.Writer, args ...string) error {
	return c.stream(ctx, stdin, stdout, nil, args...)
}

// stream is run with a writer for standard error, which is quoted in the error as well.
func (c containers) stream(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, args ...string) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	cmd := c.engine.Command(ctx, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdin = stdin
	var quoted bytes.Buffer
	cmd.Stderr = &quoted
	if stderr != nil {
		cmd.Stderr = io.MultiWriter(&quoted, stderr)
	}
	cmd.Stdout = stdout
	if stdout == nil {
		cmd.Stdout = &quoted
	}
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return &commandError{args: append([]string{c.engine.Runtime()}, args...), output: quoted.String(), err: err}
}

// output executes one call and gives its standard output without the white space around it.
func (c containers) output(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	err := c.run(ctx, nil, &out, args...)
	return strings.TrimSpace(out.String()), err
}

// machine is one container of a cluster.
type machine struct {
	Name  string
	Role  string
	State string // "running", "paused", "exited", "created", "restarting", "removing", "dead"
}

// node tells whether the machine is a Kubernetes node, not a load balancer.
func (m machine) node() bool {
	return m.Role == string(clusters.RoleControlPlane) || m.Role == string(clusters.RoleWorker)
}

// machines lists the containers of a cluster, those that do not run included, in the order of their names.
func (c containers) machines(ctx context.Context, cluster string) ([]machine, error) {
	format := fmt.Sprintf("{{.Names}}\t%s\t{{.State}}", c.labelFormat(roleLabel))
	out, err := c.output(ctx, "ps", "--all", "--filter", "label="+clusterLabel+"="+cluster, "--format", format)
	if err != nil {
		return nil, fmt.Errorf("listing the containers of cluster %s: %w", cluster, err)
	}
	var found []machine
	for line := range strings.Lines(out) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 3 {
			return nil, fmt.Errorf("listing the containers of cluster %s: %q has not the three fields asked for", cluster, line)
		}
		found = append(found, machine{Name: fields[0], Role: fields[1], State: strings.ToLower(fields[2])})
	}
	sort.Slice(found, func(i, j int) bool { return found[i].Name < found[j].Name })
	return found, nil
}

// clusters counts the containers of every kind cluster the engine has.
func (c containers) clusters(ctx context.Context) (map[string]int, error) {
	out, err := c.output(ctx, "ps", "--all", "--filter", "label="+clusterLabel, "--format", c.labelFormat(clusterLabel))
	if err != nil {
		return nil, fmt.Errorf("listing kind clusters: %w", err)
	}
	count := map[string]int{}
	for line := range strings.Lines(out) {
		if name := strings.TrimSpace(line); name != "" {
			count[name]++
		}
	}
	return count, nil
}

// labelFormat is the template that prints a label: the engines' command lines disagree on it.
func (c containers) labelFormat(label string) string {
	if c.engine.Runtime() == "docker" {
		return fmt.Sprintf("{{.Label %q}}", label)
	}
	return fmt.Sprintf("{{index .Labels %q}}", label)
}

// inspection is what this package reads of a container.
type inspection struct {
	Name  string
	State struct {
		Running   bool
		Paused    bool
		StartedAt time.Time
	}
	Config struct {
		Image  string
		Env    []string
		Labels map[string]string
	}
	HostConfig struct {
		UsernsMode string
		Sysctls    map[string]string
		Binds      []string
		Devices    []struct{ PathOnHost string }
	}
	NetworkSettings struct {
		Networks map[string]struct {
			IPAddress         string
			GlobalIPv6Address string
		}
	}
}

// errNoContainer tells that no container has the name.
var errNoContainer = errors.New("no such container")

// inspect reads one container.
func (c containers) inspect(ctx context.Context, name string) (inspection, error) {
	out, err := c.output(ctx, "container", "inspect", name)
	if err != nil {
		var ce *commandError
		if errors.As(err, &ce) && strings.Contains(strings.ToLower(ce.output), "no such container") {
			return inspection{}, fmt.Errorf("container %s: %w", name, errNoContainer)
		}
		return inspection{}, fmt.Errorf("inspecting container %s: %w", name, err)
	}
	var list []inspection
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return inspection{}, fmt.Errorf("inspecting container %s: reading the answer: %w", name, err)
	}
	if len(list) != 1 {
		return inspection{}, fmt.Errorf("inspecting container %s: %d containers in the answer, one expected", name, len(list))
	}
	return list[0], nil
}

// ip gives the container's IPv4 address on the cluster's network.
func (i inspection) ip() string {
	for _, n := range i.NetworkSettings.Networks {
		if n.IPAddress != "" {
			return n.IPAddress
		}
	}
	return ""
}

// exec runs a command in a container and gives its standard output.
func (c containers) exec(ctx context.Context, name string, command ...string) (string, error) {
	return c.output(ctx, append([]string{"exec", "--privileged", name}, command...)...)
}

// remove deletes containers with their volumes; those that are gone already are no error.
func (c containers) remove(ctx context.Context, names ...string) error {
	if len(names) == 0 {
		return nil
	}
	err := c.run(ctx, nil, nil, append([]string{"rm", "--force", "--volumes"}, names...)...)
	var ce *commandError
	if errors.As(err, &ce) && onlyGone(ce.output) {
		return nil
	}
	return err
}

// onlyGone tells whether every complaint in the output is of a container that is gone or going.
func onlyGone(output string) bool {
	complaints := 0
	for line := range strings.Lines(strings.ToLower(output)) {
		if !strings.Contains(line, "error") {
			continue // the name of a container that was removed
		}
		complaints++
		if !strings.Contains(line, "no such container") && !strings.Contains(line, "is already in progress") {
			return false
		}
	}
	return complaints > 0
}

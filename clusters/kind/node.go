package kind

import (
	"bytes"
	"context"
	"io"

	"sigs.k8s.io/kind/pkg/cluster/nodes"
	kindexec "sigs.k8s.io/kind/pkg/exec"

	"github.com/dsconform/dsconform/internal/exit"
)

// node lets kind's node helpers (nodeutils) work on a container through our
// engine and under a context; the nodes kind's own provider hands out know
// neither.
type node struct {
	ctx  context.Context // nodes.Node has methods without a context
	c    containers
	name string
	role string
}

var _ nodes.Node = node{}

// String implements nodes.Node.
func (n node) String() string { return n.name }

// Role implements nodes.Node.
func (n node) Role() (string, error) { return n.role, nil }

// IP implements nodes.Node.
func (n node) IP() (ipv4, ipv6 string, err error) {
	i, err := n.c.inspect(n.ctx, n.name)
	if err != nil {
		return "", "", err
	}
	for _, net := range i.NetworkSettings.Networks {
		return net.IPAddress, net.GlobalIPv6Address, nil
	}
	return "", "", exit.Environmentf("container %s is on no network", n.name)
}

// SerialLogs implements nodes.Node.
func (n node) SerialLogs(w io.Writer) error {
	return n.c.run(n.ctx, nil, w, "logs", n.name)
}

// Command implements kindexec.Cmder.
func (n node) Command(name string, args ...string) kindexec.Cmd {
	return n.CommandContext(n.ctx, name, args...)
}

// CommandContext implements kindexec.Cmder.
func (n node) CommandContext(ctx context.Context, name string, args ...string) kindexec.Cmd {
	return &nodeCommand{ctx: ctx, node: n, command: append([]string{name}, args...)}
}

// nodeCommand is a command to be run in a node's container.
type nodeCommand struct {
	ctx     context.Context // kindexec.Cmd.Run takes none
	node    node
	command []string
	env     []string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
}

// SetEnv implements kindexec.Cmd.
func (c *nodeCommand) SetEnv(env ...string) kindexec.Cmd {
	c.env = env
	return c
}

// SetStdin implements kindexec.Cmd.
func (c *nodeCommand) SetStdin(r io.Reader) kindexec.Cmd {
	c.stdin = r
	return c
}

// SetStdout implements kindexec.Cmd.
func (c *nodeCommand) SetStdout(w io.Writer) kindexec.Cmd {
	c.stdout = w
	return c
}

// SetStderr implements kindexec.Cmd.
func (c *nodeCommand) SetStderr(w io.Writer) kindexec.Cmd {
	c.stderr = w
	return c
}

func (c *nodeCommand) args() []string {
	args := []string{"exec", "--privileged"}
	if c.stdin != nil {
		args = append(args, "--interactive")
	}
	for _, e := range c.env {
		args = append(args, "--env", e)
	}
	return append(append(args, c.node.name), c.command...)
}

// Run implements kindexec.Cmd.
func (c *nodeCommand) Run() error {
	var kept bytes.Buffer
	out := io.Writer(&kept)
	if c.stdout != nil {
		out = io.MultiWriter(c.stdout, &kept)
	}
	if err := c.node.c.stream(c.ctx, c.stdin, out, c.stderr, c.args()...); err != nil {
		return &kindexec.RunError{Command: c.command, Output: kept.Bytes(), Inner: err}
	}
	return nil
}

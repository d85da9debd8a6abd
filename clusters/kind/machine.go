package kind

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dsconform/dsconform/internal/exit"
)

// ExecOnNode implements clusters.NodeExecer. It is bound by Timeouts.NodeCommand.
func (c *Cluster) ExecOnNode(ctx context.Context, name string, command ...string) (string, error) {
	if len(command) == 0 {
		return "", exit.Usagef("no command given for node %s", name)
	}
	return c.onNode(ctx, name, func(ctx context.Context, _ machine) (string, error) {
		return c.containers.exec(ctx, name, command...)
	})
}

// StopKubelet implements clusters.KubeletStopper: systemd stops the unit and
// the process is looked for afterwards. Containers run on.
func (c *Cluster) StopKubelet(ctx context.Context, name string) error {
	_, err := c.onNode(ctx, name, func(ctx context.Context, _ machine) (string, error) {
		// pgrep finds nothing: exit code 1. Anything else is not what was wanted.
		out, err := c.containers.exec(ctx, name, "sh", "-c", `systemctl stop kubelet || exit; pgrep --exact kubelet; test $? = 1`)
		if err != nil {
			return "", fmt.Errorf("stopping the kubelet of %s (processes left: %q): %w", name, out, err)
		}
		return "", nil
	})
	return err
}

// StartKubelet implements clusters.KubeletStopper.
func (c *Cluster) StartKubelet(ctx context.Context, name string) error {
	_, err := c.onNode(ctx, name, func(ctx context.Context, _ machine) (string, error) {
		return "", c.kubeletRuns(ctx, name)
	})
	return err
}

// kubeletRuns starts the kubelet if it does not run. systemd is asked whether it
// runs: right after the start its process does not bear its name yet.
func (c *Cluster) kubeletRuns(ctx context.Context, name string) error {
	if _, err := c.containers.exec(ctx, name, "sh", "-c", "systemctl start kubelet && systemctl is-active kubelet"); err != nil {
		return fmt.Errorf("starting the kubelet of %s: %w", name, err)
	}
	return nil
}

// PauseNode implements clusters.NodePauser. A paused node may be paused again. It
// is bound by Timeouts.NodeCommand.
func (c *Cluster) PauseNode(ctx context.Context, name string) error {
	return c.engineCall(ctx, name, "pause", "paused")
}

// UnpauseNode implements clusters.NodePauser. A node that is not paused may be unpaused.
func (c *Cluster) UnpauseNode(ctx context.Context, name string) error {
	return c.engineCall(ctx, name, "unpause", "running")
}

// engineCall brings a node's container into a state by one call, unless it is in it.
func (c *Cluster) engineCall(ctx context.Context, name, call, wanted string) error {
	_, err := c.onNode(ctx, name, func(ctx context.Context, m machine) (string, error) {
		if m.State == wanted {
			return "", nil
		}
		err := c.containers.run(ctx, nil, nil, call, name)
		for tries := 2; err != nil && unfrozen(err); tries++ {
			select {
			case <-ctx.Done():
				return "", fmt.Errorf("%s of node %s, %d times: %w", call, name, tries-1, err)
			case <-time.After(thawed):
			}
			err = c.containers.run(ctx, nil, nil, call, name)
		}
		if err != nil {
			return "", fmt.Errorf("%s of node %s: %w", call, name, err)
		}
		return "", nil
	})
	return err
}

// thawed is how long a node that could not be frozen is left to itself.
const thawed = 250 * time.Millisecond

// unfrozen tells that the kernel could not freeze a container and runs it on: a
// freezer of cgroup v1 does not get hold of all processes while one starts another
// or waits for a disk, and runc gives up within a moment.
func unfrozen(err error) bool {
	var ce *commandError
	return errors.As(err, &ce) && strings.Contains(ce.output, "unable to freeze")
}

// StopNode stops the whole machine of a node as if its power went: its Node and
// its pods stay in the API as they were. A stopped one may be stopped again.
func (c *Cluster) StopNode(ctx context.Context, name string) error {
	return c.engineCall(ctx, name, "kill", "exited")
}

// StartNode starts a machine that was stopped and returns once its kubelet
// runs again. Its address may be another one.
func (c *Cluster) StartNode(ctx context.Context, name string) error {
	return c.powerOn(ctx, name, "start")
}

// RebootNode implements clusters.NodeRebooter: the system of the node shuts
// down in order (at most ten seconds, then it is cut off) and starts again. Its
// address may be another one. It is bound by Timeouts.NodeCommand.
func (c *Cluster) RebootNode(ctx context.Context, name string) error {
	return c.powerOn(ctx, name, "restart")
}

func (c *Cluster) powerOn(ctx context.Context, name, call string) error {
	_, err := c.onNode(ctx, name, func(ctx context.Context, m machine) (string, error) {
		if call == "start" && m.State == "running" {
			return "", nil
		}
		before := time.Time{}
		if i, err := c.containers.inspect(ctx, name); err == nil {
			before = i.State.StartedAt
		}
		if err := c.containers.run(ctx, nil, nil, call, name); err != nil {
			return "", fmt.Errorf("%s of node %s: %w", call, name, err)
		}
		i, err := c.containers.inspect(ctx, name)
		if err != nil {
			return "", err
		}
		if !i.State.StartedAt.After(before) {
			return "", fmt.Errorf("%s of node %s: the engine says it runs since %s, as before", call, name, before)
		}
		if err := c.containers.awaitBoot(ctx, name, i.State.StartedAt); err != nil {
			return "", err
		}
		return "", c.kubeletRuns(ctx, name)
	})
	return err
}

// onNode runs one action on a node of this cluster within Timeouts.NodeCommand and words its error.
func (c *Cluster) onNode(ctx context.Context, name string, act func(context.Context, machine) (string, error)) (string, error) {
	ctx, cancel := bound(ctx, c.timeouts.NodeCommand)
	defer cancel()
	m, err := c.machine(ctx, name)
	if err != nil {
		return "", err
	}
	out, err := act(ctx, m)
	if err != nil {
		return out, exit.Environmentf("cluster %s: %w", c.name, err)
	}
	return strings.TrimSpace(out), nil
}

package kind

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/internal/exit"
)

// AddNode implements clusters.NodeAdder: it runs one more container as kind
// would, joins it with kubeadm and returns once the Node is Ready and without
// start-up taints, within Timeouts.NodeReady. Several processes may add nodes at
// once. A node that does not come up is removed again. Only workers can join.
//
// A cluster whose own DaemonSet controller is switched off needs another one at
// work: the node's network comes with a DaemonSet.
func (c *Cluster) AddNode(ctx context.Context, spec clusters.NodeSpec) (string, error) {
	if err := checkSpec(spec); err != nil {
		return "", err
	}
	limited, cancel := bound(ctx, c.timeouts.NodeReady)
	defer cancel()
	unlock, err := c.store.shareLife(limited)
	if err != nil {
		return "", exit.Environmentf("adding a node to cluster %s: %w", c.name, err)
	}
	defer unlock()
	cs, err := c.client()
	if err != nil {
		return "", err
	}
	name := ""
	err = c.log.Do(limited, "one more machine for cluster "+c.name, 0, func(ctx context.Context) (err error) {
		name, err = c.startMachine(ctx, spec.Name)
		return err
	})
	if err == nil {
		err = c.joinMachine(limited, cs, name, spec)
	}
	if err == nil {
		return name, nil
	}
	if name != "" {
		clean, cancel := afterwards(ctx, c.timeouts.Delete)
		defer cancel()
		err = errors.Join(err, c.takeOut(clean, cs, name))
	}
	return "", environment(fmt.Errorf("adding a node to cluster %s: %w", c.name, err))
}

func checkSpec(spec clusters.NodeSpec) error {
	if spec.Role != "" && spec.Role != clusters.RoleWorker {
		return exit.Usagef("a node with role %q cannot join a running kind cluster, only a %s can", spec.Role, clusters.RoleWorker)
	}
	if spec.Name != "" && (len(spec.Name) > 63 || !validName.MatchString(spec.Name)) {
		return exit.Usagef("node name %q cannot be used: at most 63 lower-case letters, digits and '-', a letter or digit at both ends", spec.Name)
	}
	return nil
}

// startMachine runs the container of a node. The name is given back as soon as
// a container may stand, also with an error.
func (c *Cluster) startMachine(ctx context.Context, wanted string) (string, error) {
	sibling := clusters.NodeName(c.name, clusters.RoleControlPlane, 0)
	like, err := c.containers.inspect(ctx, sibling)
	if err != nil {
		return "", err
	}
	resolv, err := c.containers.exec(ctx, sibling, "cat", "/etc/resolv.conf")
	if err != nil {
		return "", err
	}
	env, err := c.imageEnv(ctx)
	if err != nil {
		return "", err
	}
	for {
		name := wanted
		if name == "" {
			if name, err = c.nextName(ctx); err != nil {
				return "", err
			}
		}
		// Not cut off by ctx: a call that was would leave a container that is in
		// no list until its volume is filled.
		run, cancel := afterwards(ctx, c.timeouts.NodeReady)
		_, err := c.containers.output(run, runArgs(c.name, name, c.image, nameServer(resolv), like, env)...)
		cancel()
		var ce *commandError
		switch {
		case err == nil:
			return name, nil
		case errors.As(err, &ce) && strings.Contains(ce.output, "already in use"):
			if wanted != "" {
				return "", exit.Usagef("the node name %q is taken", wanted)
			}
			if ctx.Err() != nil {
				return "", context.Cause(ctx)
			}
			// Somebody else's container has it; the next number is free or will be.
		default:
			return name, err
		}
	}
}

// nextName reserves the next worker's number in the cluster's state.
func (c *Cluster) nextName(ctx context.Context) (string, error) {
	var name string
	err := c.store.update(ctx, func(st *state) error {
		st.LastWorker++
		name = clusters.NodeName(c.name, clusters.RoleWorker, st.LastWorker-1)
		return nil
	})
	return name, err
}

// joinMachine makes a running container a node of the cluster.
func (c *Cluster) joinMachine(ctx context.Context, cs kubernetes.Interface, name string, spec clusters.NodeSpec) error {
	join := ""
	if err := c.log.Do(ctx, name+": system up", 0, func(ctx context.Context) (err error) {
		join, err = c.prepareJoin(ctx, cs, name, spec)
		return err
	}); err != nil {
		return err
	}
	if err := c.log.Do(ctx, name+": joined, images loaded", 0, func(ctx context.Context) error {
		if err := c.writeFile(ctx, name, "/kind/kubeadm.conf", join); err != nil {
			return err
		}
		work, inner := errgroup.WithContext(ctx)
		work.Go(func() error { return c.kubeadmJoin(inner, name) })
		work.Go(func() error { return c.loadArchivesOn(inner, name) })
		return work.Wait()
	}); err != nil {
		return err
	}
	return c.log.Do(ctx, name+": Ready, start-up taints gone", 0, func(ctx context.Context) error {
		if _, viaAPI := splitLabels(spec.Labels); len(viaAPI) > 0 {
			// kubeadm is done when the kubelet has its certificate; the Node comes after that.
			if err := await.Nodes(ctx, await.OneNode(cs, name), "node "+name, []string{name}, await.Registered); err != nil {
				return err
			}
			if err := labelViaAPI(ctx, cs, name, viaAPI); err != nil {
				return err
			}
		}
		return await.Nodes(ctx, await.OneNode(cs, name), "node "+name, []string{name}, await.Settled)
	})
}

// prepareJoin waits for the machine's system and gathers meanwhile what its JoinConfiguration is made of.
func (c *Cluster) prepareJoin(ctx context.Context, cs kubernetes.Interface, name string, spec clusters.NodeSpec) (string, error) {
	var conf, token, ip string
	work, inner := errgroup.WithContext(ctx)
	work.Go(func() error {
		i, err := c.containers.inspect(inner, name)
		if err != nil {
			return err
		}
		if ip = i.ip(); ip == "" {
			return fmt.Errorf("container %s has no IPv4 address", name)
		}
		return c.containers.awaitBoot(inner, name, i.State.StartedAt)
	})
	work.Go(func() (err error) {
		conf, err = c.containers.exec(inner, clusters.NodeName(c.name, clusters.RoleControlPlane, 0), "cat", "/kind/kubeadm.conf")
		return err
	})
	work.Go(func() (err error) {
		token, err = joinToken(inner, cs, time.Now())
		return err
	})
	if err := work.Wait(); err != nil {
		return "", err
	}
	labels, _ := splitLabels(spec.Labels)
	return joinConfiguration(conf, joining{
		runtime: c.engine.Runtime(), cluster: c.name, node: name, ip: ip, token: token, labels: labels, taints: spec.Taints,
	})
}

// kubeadmJoin runs kubeadm; its own words are the best account of a failure.
func (c *Cluster) kubeadmJoin(ctx context.Context, name string) error {
	out, err := c.containers.exec(ctx, name, "sh", "-c", "exec kubeadm join --config /kind/kubeadm.conf 2>&1")
	if err != nil {
		return fmt.Errorf("kubeadm join on %s: %s: %w", name, tellingLine(out), err)
	}
	return nil
}

// writeFile writes a file on a node.
func (c *Cluster) writeFile(ctx context.Context, node, path, content string) error {
	err := c.containers.run(ctx, strings.NewReader(content), nil, "exec", "--interactive", node, "cp", "/dev/stdin", path)
	if err != nil {
		return fmt.Errorf("writing %s on node %s: %w", path, node, err)
	}
	return nil
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/clusters/sim/kubelet"
)

// plainly does with kubectl alone what ours does, in the same order.
func plainly(ctx context.Context, exe string, c *sim.Cluster, n int, out *result) error {
	kubectl := func(ctx context.Context, stdin []byte, args ...string) error {
		cmd := exec.CommandContext(ctx, exe, append([]string{"kubectl", "--kubeconfig", c.KubeconfigPath()}, args...)...)
		var said bytes.Buffer
		cmd.Stdin, cmd.Stderr, cmd.Env = bytes.NewReader(stdin), &said, os.Environ()
		if err := cmd.Run(); err != nil {
			if ctx.Err() != nil {
				// That it was killed for it is no reason.
				return fmt.Errorf("kubectl %s: %w", strings.Join(args, " "), ctx.Err())
			}
			return fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
		}
		return nil
	}
	cs, err := client(c)
	if err != nil {
		return err
	}
	nodes, names, err := manifest(0, n)
	if err != nil {
		return err
	}
	one, _, err := manifest(n, 1)
	if err != nil {
		return err
	}
	app, err := json.Marshal(daemonSet())
	if err != nil {
		return fmt.Errorf("encoding the DaemonSet: %w", err)
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{nodesReady, func(ctx context.Context) error {
			if err := kubectl(ctx, nodes, "create", "-f", "-"); err != nil {
				return err
			}
			// As ours are watched: kubectl wait asks for the nodes one after the other,
			// five a second, and would be timed in their place.
			return await.Nodes(ctx, await.AllNodes(cs), "the nodes to be Ready", names, await.Settled)
		}},
		{"DaemonSet created, until rolled out", func(ctx context.Context) error {
			if err := kubectl(ctx, app, "create", "-f", "-"); err != nil {
				return err
			}
			return kubectl(ctx, nil, "rollout", "status", "daemonset/"+set, "--timeout="+stepLimit.String())
		}},
		{"RollingUpdate at maxUnavailable 10%", func(ctx context.Context) error {
			if err := kubectl(ctx, nil, "set", "image", "daemonset/"+set, "agent=agent:v2"); err != nil {
				return err
			}
			return kubectl(ctx, nil, "rollout", "status", "daemonset/"+set, "--timeout="+stepLimit.String())
		}},
		{"a node joins, until its pod is ready", func(ctx context.Context) error {
			if err := kubectl(ctx, one, "create", "-f", "-"); err != nil {
				return err
			}
			return kubectl(ctx, nil, "wait", fmt.Sprintf("--for=jsonpath={.status.numberAvailable}=%d", n+1), "daemonset/"+set, "--timeout="+stepLimit.String())
		}},
	} {
		if err := out.add(ctx, step.what, step.do); err != nil {
			return err
		}
	}
	return nil
}

// manifest gives the nodes from the first on, as one list, and their names.
func manifest(first, count int) (raw []byte, names []string, err error) {
	list := map[string]any{"apiVersion": "v1", "kind": "List", "metadata": metav1.ListMeta{}}
	items := make([]any, 0, count)
	for i := first; i < first+count; i++ {
		machine := kubelet.Machine{Spec: clusters.NodeSpec{Name: fmt.Sprintf("plain-%05d", i), Role: clusters.RoleWorker}, Address: kubelet.Address(i + 2), Version: "v0.0.0"}
		node := machine.Node()
		node.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}
		items, names = append(items, node), append(names, node.Name)
	}
	list["items"] = items
	if raw, err = json.Marshal(list); err != nil {
		return nil, nil, fmt.Errorf("encoding the nodes: %w", err)
	}
	return raw, names, nil
}

package sim

import (
	"context"
	"fmt"
	"sort"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/clusters/sim/kubelet"
	"github.com/dsconform/dsconform/internal/exit"
)

// registering is how many nodes register at once.
const registering = 16

// makeNodes makes the nodes a new cluster has, and waits until they are Ready.
func (c *Cluster) makeNodes(ctx context.Context, o Options) error {
	cs, err := c.client()
	if err != nil {
		return err
	}
	specs := []clusters.NodeSpec{{Name: clusters.NodeName(c.name, clusters.RoleControlPlane, 0), Role: clusters.RoleControlPlane}}
	for i := range o.Workers {
		spec := o.worker(i)
		spec.Name, spec.Role = clusters.NodeName(c.name, clusters.RoleWorker, i), clusters.RoleWorker
		specs = append(specs, spec)
	}
	if err := c.store.update(ctx, func(st *state) { st.LastWorker, st.LastAddress = o.Workers, len(specs) }); err != nil {
		return err
	}
	return c.log.Do(ctx, fmt.Sprintf("%d simulated nodes Ready", len(specs)), 0, func(ctx context.Context) error {
		work, inner := errgroup.WithContext(ctx)
		work.SetLimit(registering)
		var names []string
		for i, spec := range specs {
			names = append(names, spec.Name)
			work.Go(func() error { return c.register(inner, cs, spec, i+1) })
		}
		if err := work.Wait(); err != nil {
			return err
		}
		return await.Nodes(ctx, await.AllNodes(cs), "the nodes to be Ready", names, await.Settled)
	})
}

// register creates the Node as its kubelet would.
func (c *Cluster) register(ctx context.Context, cs kubernetes.Interface, spec clusters.NodeSpec, address int) error {
	machine := kubelet.Machine{Spec: spec, Address: kubelet.Address(address), Version: c.version}
	if _, err := cs.CoreV1().Nodes().Create(ctx, machine.Node(), metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("registering node %s: %w", spec.Name, err)
	}
	return nil
}

// AddNode implements clusters.NodeAdder. Several processes may add nodes at
// once. A node that does not come up is removed again. Only workers can join.
func (c *Cluster) AddNode(ctx context.Context, spec clusters.NodeSpec) (string, error) {
	if spec.Role != "" && spec.Role != clusters.RoleWorker {
		return "", exit.Usagef("a node with role %q cannot join a cluster of simulated nodes, only a %s can", spec.Role, clusters.RoleWorker)
	}
	if spec.Name != "" && (len(spec.Name) > 63 || !validName().MatchString(spec.Name)) {
		return "", exit.Usagef("node name %q cannot be used: at most 63 lower-case letters, digits and '-', a letter or digit at both ends", spec.Name)
	}
	limited, cancel := bound(ctx, c.timeouts.NodeReady)
	defer cancel()
	cs, err := c.client()
	if err != nil {
		return "", err
	}
	wanted := spec.Name
	for {
		address := 0
		if err = c.store.update(limited, func(st *state) {
			st.LastAddress++
			address = st.LastAddress
			if wanted == "" {
				st.LastWorker++
				spec.Name = clusters.NodeName(c.name, clusters.RoleWorker, st.LastWorker-1)
			}
		}); err != nil {
			return "", environment(err)
		}
		err = c.register(limited, cs, spec, address)
		if apierrors.IsAlreadyExists(err) && wanted == "" {
			continue // somebody chose that name for a node of theirs
		}
		break
	}
	if apierrors.IsAlreadyExists(err) {
		return "", exit.Usagef("the node name %q is taken", wanted)
	}
	if err == nil {
		err = restartPods(limited, cs, spec.Name)
	}
	if err == nil {
		err = await.Nodes(limited, await.OneNode(cs, spec.Name), "node "+spec.Name, []string{spec.Name}, await.Settled)
	}
	if err != nil {
		clean, cancel := afterwards(ctx, c.timeouts.Delete)
		defer cancel()
		if undone := c.RemoveNode(clean, spec.Name); undone != nil {
			err = fmt.Errorf("%w; removing it failed too: %w", err, undone)
		}
		return "", environment(fmt.Errorf("adding a node to cluster %s: %w", c.name, err))
	}
	return spec.Name, nil
}

// RemoveNode implements clusters.NodeRemover: the machine falls silent, and its
// Node is deleted. A node that is gone is no error; only workers can be removed.
func (c *Cluster) RemoveNode(ctx context.Context, name string) error {
	ctx, cancel := bound(ctx, c.timeouts.Delete)
	defer cancel()
	cs, err := c.client()
	if err != nil {
		return err
	}
	node, err := cs.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return exit.Environmentf("removing node %s from cluster %s: %w", name, c.name, err)
	}
	if _, control := node.Labels[kubelet.ControlPlaneLabel]; control {
		return exit.Usagef("%s is a %s machine: only workers can be removed", name, clusters.RoleControlPlane)
	}
	// KWOK stops acting for the node with the watch event of its deletion; a
	// machine whose power went is silent before that, and so is this one.
	err = c.setState(ctx, cs, name, kubelet.StateStopped)
	if err == nil {
		err = cs.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return exit.Environmentf("removing node %s from cluster %s: %w", name, c.name, err)
	}
	return nil
}

// Nodes lists the names of the cluster's nodes, sorted.
func (c *Cluster) Nodes(ctx context.Context) ([]string, error) {
	cs, err := c.client()
	if err != nil {
		return nil, err
	}
	list, err := cs.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, exit.Environmentf("listing the nodes of cluster %s: %w", c.name, err)
	}
	names := make([]string, 0, len(list.Items))
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	sort.Strings(names)
	return names, nil
}

// Has tells whether the name is one of the cluster's nodes; if not, the error,
// of class Usage, names those there are.
func (c *Cluster) Has(ctx context.Context, node string) error {
	names, err := c.Nodes(ctx)
	if err != nil {
		return err
	}
	at := sort.SearchStrings(names, node)
	if at < len(names) && names[at] == node {
		return nil
	}
	const most = 12
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	return exit.Usagef("cluster %s has no node %q; it has: %v%s", c.name, node, names, more)
}

// simulated refuses a node whose kubelet is not ours to play with.
func simulated(n *corev1.Node) error {
	if _, ours := n.Labels[kubelet.StateLabel]; !ours {
		return exit.Usagef("node %s is not simulated", n.Name)
	}
	return nil
}

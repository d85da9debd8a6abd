package kind

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// ProviderName is the name of this provider on the command line.
const ProviderName = "kind"

// Cluster is a kind cluster. Its methods may be called from several goroutines
// and, for the same cluster, from several processes at once.
type Cluster struct {
	name       string
	engine     Engine
	containers containers
	store      store
	timeouts   clusters.Timeouts
	log        *steps.Log
	kubeconfig string
	image      string
	digest     string
	version    string
}

// The abilities of a kind cluster.
var (
	_ clusters.Cluster        = (*Cluster)(nil)
	_ clusters.NodeAdder      = (*Cluster)(nil)
	_ clusters.NodeRemover    = (*Cluster)(nil)
	_ clusters.KubeletStopper = (*Cluster)(nil)
	_ clusters.NodePauser     = (*Cluster)(nil)
	_ clusters.NodeRebooter   = (*Cluster)(nil)
	_ clusters.NodeExecer     = (*Cluster)(nil)
	_ clusters.AuditReader    = (*Cluster)(nil)
	_ clusters.ImageLoader    = (*Cluster)(nil)
	_ clusters.LogCollector   = (*Cluster)(nil)
)

// Name implements clusters.Cluster.
func (c *Cluster) Name() string { return c.name }

// Provider implements clusters.Cluster.
func (c *Cluster) Provider() string { return ProviderName }

// KubeconfigPath implements clusters.Cluster.
func (c *Cluster) KubeconfigPath() string { return c.kubeconfig }

// Runtime is the command line of the container engine the nodes run on: "docker", "podman" or "nerdctl".
func (c *Cluster) Runtime() string { return c.engine.Runtime() }

// RealKubelets implements clusters.Cluster.
func (c *Cluster) RealKubelets() bool { return true }

// KubernetesVersion is the version in the node image, as "v1.37.2".
func (c *Cluster) KubernetesVersion() string { return c.version }

// Images implements clusters.Cluster.
func (c *Cluster) Images() map[string]string {
	ref := c.image
	if c.digest != "" {
		ref += "@" + c.digest
	}
	return map[string]string{"node": ref}
}

// RESTConfig implements clusters.Cluster. Whatever the kubeconfig's current
// context is by now, the configuration is this cluster's.
func (c *Cluster) RESTConfig() (*rest.Config, error) {
	cfg, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: c.kubeconfig},
		&clientcmd.ConfigOverrides{CurrentContext: contextName(c.name)},
	).ClientConfig()
	if err != nil {
		return nil, exit.Environmentf("reading the kubeconfig of cluster %s from %s: %w", c.name, c.kubeconfig, err)
	}
	cfg.UserAgent = "dsconform/clusters-kind"
	return cfg, nil
}

func (c *Cluster) client() (kubernetes.Interface, error) {
	cfg, err := c.RESTConfig()
	if err != nil {
		return nil, err
	}
	cs, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, exit.Environmentf("making a client for cluster %s: %w", c.name, err)
	}
	return cs, nil
}

// Nodes lists the names of the cluster's nodes as the engine knows them, load
// balancers left out, sorted by name.
func (c *Cluster) Nodes(ctx context.Context) ([]string, error) {
	ms, err := c.containers.machines(ctx, c.name)
	if err != nil {
		return nil, exit.Environmentf("%w", err)
	}
	var names []string
	for _, m := range ms {
		if m.node() {
			names = append(names, m.Name)
		}
	}
	return names, nil
}

// Has tells whether the name is one of the cluster's nodes; if not, the error,
// of class Usage, names those there are.
func (c *Cluster) Has(ctx context.Context, node string) error {
	_, err := c.machine(ctx, node)
	return err
}

// machine gives the container of one of the cluster's nodes. A name that is
// none is refused with those there are, so that no command ever reaches a
// container that is not this cluster's.
func (c *Cluster) machine(ctx context.Context, name string) (machine, error) {
	ms, err := c.containers.machines(ctx, c.name)
	if err != nil {
		return machine{}, exit.Environmentf("%w", err)
	}
	have := ""
	for _, m := range ms {
		if m.node() && m.Name == name {
			return m, nil
		}
		if m.node() {
			have += " " + m.Name
		}
	}
	return machine{}, exit.Usagef("cluster %s has no node %q; it has:%s", c.name, name, have)
}

// bound limits a context and names the limit in its cause, which ends up in the error's text.
func bound(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %s: %w", limit, context.DeadlineExceeded))
}

// afterwards is a context for cleaning up: not cancelled with ctx, but bound.
func afterwards(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return bound(context.WithoutCancel(ctx), limit)
}

package sim

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/supervisor"
)

// ProviderName is the name of this provider on the command line.
const ProviderName = "sim"

// Cluster is a cluster of simulated nodes. Its methods may be called from
// several goroutines and, for the same cluster, from several processes at once.
type Cluster struct {
	name       string
	store      store
	plan       controlplane.Plan
	kubeconfig string
	version    string
	control    *supervisor.Client
	// process is the supervisor, if this process started it; an attached one lives
	// as long as this is held.
	process  *supervisor.Process
	timeouts clusters.Timeouts
	log      *steps.Log
}

// The abilities of a cluster of simulated nodes.
var (
	_ clusters.Cluster        = (*Cluster)(nil)
	_ clusters.NodeAdder      = (*Cluster)(nil)
	_ clusters.NodeRemover    = (*Cluster)(nil)
	_ clusters.KubeletStopper = (*Cluster)(nil)
	_ clusters.NodePauser     = (*Cluster)(nil)
	_ clusters.NodeRebooter   = (*Cluster)(nil)
	_ clusters.LogCollector   = (*Cluster)(nil)
	_ clusters.AuditReader    = (*Cluster)(nil)
)

// Name implements clusters.Cluster.
func (c *Cluster) Name() string { return c.name }

// Provider implements clusters.Cluster.
func (c *Cluster) Provider() string { return ProviderName }

// KubeconfigPath implements clusters.Cluster.
func (c *Cluster) KubeconfigPath() string { return c.kubeconfig }

// RealKubelets implements clusters.Cluster.
func (c *Cluster) RealKubelets() bool { return false }

// KubernetesVersion is the control plane's version, as "v1.37.2".
func (c *Cluster) KubernetesVersion() string { return c.version }

// Images implements clusters.Cluster: there are none.
func (c *Cluster) Images() map[string]string { return map[string]string{} }

// AuditLog is the path of the API server's audit log, one audit.k8s.io/v1 Event
// in JSON a line.
func (c *Cluster) AuditLog() string { return c.plan.AuditLog() }

// RESTConfig implements clusters.Cluster. Whatever the kubeconfig's current
// context is by now, the configuration is this cluster's.
func (c *Cluster) RESTConfig() (*rest.Config, error) {
	cfg, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: c.kubeconfig},
		&clientcmd.ConfigOverrides{CurrentContext: controlplane.ContextName(c.name)},
	).ClientConfig()
	if err != nil {
		return nil, exit.Environmentf("reading the kubeconfig of cluster %s from %s: %w", c.name, c.kubeconfig, err)
	}
	cfg.UserAgent = "dsconform/clusters-sim"
	return cfg, nil
}

// client is the provider's own. It plays machines, each of which would have a
// client of its own: it is not held back.
func (c *Cluster) client() (kubernetes.Interface, error) {
	cfg, err := c.RESTConfig()
	if err != nil {
		return nil, err
	}
	cfg.QPS = -1
	cs, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, exit.Environmentf("making a client for cluster %s: %w", c.name, err)
	}
	return cs, nil
}

// Components tells of the control plane's processes.
func (c *Cluster) Components(ctx context.Context) ([]supervisor.Status, error) {
	all, err := c.control.Status(ctx)
	if err != nil {
		return nil, exit.Environmentf("cluster %s: %w", c.name, err)
	}
	return all, nil
}

// Metrics gives what a component of the control plane tells of itself in
// Prometheus' text format. KWOK tells nothing.
func (c *Cluster) Metrics(ctx context.Context, component string) ([]byte, error) {
	raw, err := c.plan.Metrics(ctx, component)
	if err != nil {
		return nil, exit.Environmentf("cluster %s: %w", c.name, err)
	}
	return raw, nil
}

// Component starts, stops, kills, pauses, resumes or restarts one process of
// the control plane and gives its state afterwards.
func (c *Cluster) Component(ctx context.Context, name string, a supervisor.Action) (supervisor.Status, error) {
	ctx, cancel := bound(ctx, c.timeouts.NodeCommand)
	defer cancel()
	s, err := c.component(ctx, name, a)
	if err != nil {
		return s, exit.Environmentf("cluster %s: %w", c.name, err)
	}
	return s, nil
}

// component is Component. KWOK holds its nodes by their leases and knows itself
// by another name after a start: a lease of the one before would keep it from
// its nodes until it has run out.
func (c *Cluster) component(ctx context.Context, name string, a supervisor.Action) (supervisor.Status, error) {
	if name == controlplane.KWOK && a == supervisor.Restart {
		if s, err := c.control.Do(ctx, name, supervisor.Stop); err != nil {
			return s, err
		}
		a = supervisor.Start
	}
	if name == controlplane.KWOK && a == supervisor.Start {
		if err := c.freeLeases(ctx, corev1.NamespaceNodeLease); err != nil {
			return supervisor.Status{}, err
		}
	}
	return c.control.Do(ctx, name, a)
}

// bound limits a context and names the limit in its cause, which ends up in the error's text.
func bound(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %s: %w", limit, context.DeadlineExceeded))
}

// afterwards is a context for cleaning up: not cancelled with ctx, but bound.
func afterwards(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return bound(context.WithoutCancel(ctx), limit)
}

package kind

import (
	"context"
	"fmt"
	"net"
	"os"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/e2e-framework/klient"
	"sigs.k8s.io/e2e-framework/support"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/yaml"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/internal/exit"
)

// E2EProvider lets users of sigs.k8s.io/e2e-framework take our clusters: give it
// to envfuncs.CreateClusterWithOpts and its kin. It makes one cluster, or takes
// the one given by NewE2EProviderFor.
type E2EProvider struct {
	options Options
	cluster *Cluster
}

var (
	_ support.E2EClusterProvider                = (*E2EProvider)(nil)
	_ support.E2EClusterProviderWithImageLoader = (*E2EProvider)(nil)
	_ support.E2EClusterProviderWithLifeCycle   = (*E2EProvider)(nil)
)

// NewE2EProvider makes a provider; o must hold Engine and NodeImage.
func NewE2EProvider(o Options) *E2EProvider { return &E2EProvider{options: o} }

// NewE2EProviderFor makes a provider of a cluster there is.
func NewE2EProviderFor(c *Cluster) *E2EProvider { return &E2EProvider{cluster: c} }

// WithName implements support.E2EClusterProvider.
func (p *E2EProvider) WithName(name string) support.E2EClusterProvider {
	p.options.Name = name
	return p
}

// WithVersion implements support.E2EClusterProvider; Create checks that it is
// the version of the node image.
func (p *E2EProvider) WithVersion(version string) support.E2EClusterProvider {
	p.options.KubernetesVersion = version
	return p
}

// WithPath implements support.E2EClusterProvider. It changes nothing: clusters
// are made by kind's library, there is no binary to point to.
func (p *E2EProvider) WithPath(string) support.E2EClusterProvider { return p }

// WithOpts implements support.E2EClusterProvider.
func (p *E2EProvider) WithOpts(opts ...support.ClusterOpts) support.E2EClusterProvider {
	for _, o := range opts {
		o(p)
	}
	return p
}

// SetDefaults implements support.E2EClusterProvider; Create fills in what is left open.
func (p *E2EProvider) SetDefaults() support.E2EClusterProvider { return p }

// Create implements support.E2EClusterProvider; it knows no arguments. It gives
// the kubeconfig's path. A cluster the provider has already is taken as it is.
func (p *E2EProvider) Create(ctx context.Context, args ...string) (string, error) {
	if err := noArguments(args); err != nil {
		return "", err
	}
	if p.cluster == nil {
		c, err := Create(ctx, p.options)
		if err != nil {
			return "", err
		}
		p.cluster = c
	}
	return p.cluster.KubeconfigPath(), nil
}

// CreateWithConfig implements support.E2EClusterProvider for kind configurations
// that name the nodes' roles and labels; whatever else one sets is refused
// rather than dropped.
func (p *E2EProvider) CreateWithConfig(ctx context.Context, configFile string) (string, error) {
	raw, err := os.ReadFile(configFile)
	if err != nil {
		return "", exit.Usagef("the kind configuration cannot be read: %w", err)
	}
	if err := p.options.takeConfig(raw); err != nil {
		return "", exit.Usagef("the kind configuration %s cannot be used: %w", configFile, err)
	}
	return p.Create(ctx)
}

// takeConfig takes the nodes' roles and labels from a kind configuration.
func (o *Options) takeConfig(raw []byte) error {
	var cfg, known v1alpha4.Cluster
	if err := yaml.UnmarshalStrict(raw, &cfg); err != nil {
		return err
	}
	o.ControlPlanes, o.Workers, o.Topology = 0, NoWorkers, []clusters.NodeSpec{}
	known.TypeMeta, known.Name = cfg.TypeMeta, cfg.Name
	for _, n := range cfg.Nodes {
		known.Nodes = append(known.Nodes, v1alpha4.Node{Role: n.Role, Labels: n.Labels})
		if n.Role == v1alpha4.WorkerRole {
			o.Workers = max(o.Workers, 0) + 1
			o.Topology = append(o.Topology, clusters.NodeSpec{Role: clusters.RoleWorker, Labels: n.Labels})
			continue
		}
		o.ControlPlanes++
	}
	want, err := yaml.Marshal(cfg)
	if err != nil {
		return err
	}
	if got, err := yaml.Marshal(known); err != nil || string(got) != string(want) {
		return fmt.Errorf("only name and the nodes' role and labels can be taken from it")
	}
	o.Name = or(cfg.Name, o.Name)
	return nil
}

// GetKubeconfig implements support.E2EClusterProvider.
func (p *E2EProvider) GetKubeconfig() string {
	if p.cluster == nil {
		return ""
	}
	return p.cluster.KubeconfigPath()
}

// GenerateKubeconfig implements support.E2EClusterProvider; it knows no arguments.
func (p *E2EProvider) GenerateKubeconfig(args ...string) (string, error) {
	if err := noArguments(args); err != nil {
		return "", err
	}
	c, err := p.have()
	if err != nil {
		return "", err
	}
	return c.KubeconfigPath(), nil
}

// GetKubectlContext implements support.E2EClusterProvider.
func (p *E2EProvider) GetKubectlContext() string {
	if p.cluster == nil {
		return ""
	}
	return contextName(p.cluster.name)
}

// ExportLogs implements support.E2EClusterProvider.
func (p *E2EProvider) ExportLogs(ctx context.Context, dest string) error {
	c, err := p.have()
	if err != nil {
		return err
	}
	return c.CollectLogs(ctx, dest)
}

// Destroy implements support.E2EClusterProvider.
func (p *E2EProvider) Destroy(ctx context.Context) error {
	c, err := p.have()
	if err != nil {
		return err
	}
	if err := c.Delete(ctx); err != nil {
		return err
	}
	p.cluster = nil
	return nil
}

// WaitForControlPlane implements support.E2EClusterProvider: it waits for the
// workers, the network and DNS too.
func (p *E2EProvider) WaitForControlPlane(ctx context.Context, _ klient.Client) error {
	c, err := p.have()
	if err != nil {
		return err
	}
	return c.Healthy(ctx)
}

// KubernetesRestConfig implements support.E2EClusterProvider; nil if there is no cluster.
func (p *E2EProvider) KubernetesRestConfig() *rest.Config {
	if p.cluster == nil {
		return nil
	}
	cfg, err := p.cluster.RESTConfig()
	if err != nil {
		return nil
	}
	return cfg
}

// LoadImage implements support.E2EClusterProviderWithImageLoader.
func (p *E2EProvider) LoadImage(ctx context.Context, image string, args ...string) error {
	return p.act(args, func(c *Cluster) error { return c.LoadImage(ctx, image) })
}

// LoadImageArchive implements support.E2EClusterProviderWithImageLoader.
func (p *E2EProvider) LoadImageArchive(ctx context.Context, path string, args ...string) error {
	return p.act(args, func(c *Cluster) error { return c.LoadImageArchive(ctx, path) })
}

// AddNode implements support.E2EClusterProviderWithLifeCycle and sets the node's name.
func (p *E2EProvider) AddNode(ctx context.Context, n *support.Node, args ...string) error {
	return p.act(args, func(c *Cluster) (err error) {
		n.Name, err = c.AddNode(ctx, clusters.NodeSpec{Name: n.Name, Role: clusters.Role(n.Role)})
		return err
	})
}

// RemoveNode implements support.E2EClusterProviderWithLifeCycle.
func (p *E2EProvider) RemoveNode(ctx context.Context, n *support.Node, args ...string) error {
	return p.act(args, func(c *Cluster) error { return c.RemoveNode(ctx, n.Name) })
}

// StartNode implements support.E2EClusterProviderWithLifeCycle.
func (p *E2EProvider) StartNode(ctx context.Context, n *support.Node, args ...string) error {
	return p.act(args, func(c *Cluster) error { return c.StartNode(ctx, n.Name) })
}

// StopNode implements support.E2EClusterProviderWithLifeCycle.
func (p *E2EProvider) StopNode(ctx context.Context, n *support.Node, args ...string) error {
	return p.act(args, func(c *Cluster) error { return c.StopNode(ctx, n.Name) })
}

// ListNode implements support.E2EClusterProviderWithLifeCycle.
func (p *E2EProvider) ListNode(ctx context.Context, args ...string) ([]support.Node, error) {
	var list []support.Node
	err := p.act(args, func(c *Cluster) error {
		ms, err := c.containers.machines(ctx, c.name)
		if err != nil {
			return exit.Environmentf("%w", err)
		}
		for _, m := range ms {
			i, err := c.containers.inspect(ctx, m.Name)
			if err != nil {
				return exit.Environmentf("%w", err)
			}
			if m.node() {
				list = append(list, support.Node{Name: m.Name, Role: m.Role, Cluster: c.name, State: m.State, IP: net.ParseIP(i.ip())})
			}
		}
		return nil
	})
	return list, err
}

// act runs an action that knows no arguments on the cluster.
func (p *E2EProvider) act(args []string, do func(*Cluster) error) error {
	if err := noArguments(args); err != nil {
		return err
	}
	c, err := p.have()
	if err != nil {
		return err
	}
	return do(c)
}

func (p *E2EProvider) have() (*Cluster, error) {
	if p.cluster == nil {
		return nil, exit.Internalf("no cluster has been made yet: call Create first")
	}
	return p.cluster, nil
}

func noArguments(args []string) error {
	if len(args) > 0 {
		return exit.Usagef("argument %q is not known: this provider takes none, set Options", args[0])
	}
	return nil
}

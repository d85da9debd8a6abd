package kind

import (
	"context"
	"errors"
	"os"
	"sort"
	"time"

	kindcluster "sigs.k8s.io/kind/pkg/cluster"

	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/internal/exit"
)

// Open gives a cluster made before, by this or another process. more may set
// StateDir, Timeouts and Log; left alone they have the defaults of Options. The
// error wraps ErrNotFound, class Usage, if there is no such cluster.
func Open(ctx context.Context, e Engine, name string, more ...func(*Options)) (*Cluster, error) {
	o := Options{Engine: e, Name: name}
	for _, set := range more {
		set(&o)
	}
	o, err := o.locate()
	if err != nil {
		return nil, err
	}
	c := o.cluster()
	ctx, cancel := bound(ctx, o.Timeouts.NodeCommand)
	defer cancel()
	if err = c.engine.Apply(); err != nil {
		return nil, exit.Environmentf("using the container engine: %w", err)
	}
	ms, err := c.containers.machines(ctx, c.name)
	if err != nil {
		return nil, exit.Environmentf("%w", err)
	}
	if len(ms) == 0 {
		have, listErr := list(ctx, o)
		if listErr != nil {
			return nil, listErr
		}
		return nil, notFound(c.name, have)
	}
	st, err := c.store.read()
	switch {
	case errors.Is(err, errNoState):
		return nil, exit.Environmentf("cluster %q was not made by dsconform, or its state in %s is lost: make one with another name", c.name, c.store.folder())
	case err != nil:
		return nil, err
	case st.Phase != phaseReady:
		return nil, exit.Environmentf("cluster %q is not of use: its making %s; delete it", c.name, map[phase]string{phaseCreating: "is under way or was cut short", phaseFailed: "failed"}[st.Phase])
	}
	c.adopt(st)
	if _, err := os.Stat(c.kubeconfig); err != nil {
		if err := kindcluster.NewProvider(providerOption(c.engine)).ExportKubeConfig(c.name, c.kubeconfig, false); err != nil {
			return nil, exit.Environmentf("writing the kubeconfig of cluster %s anew to %s: %w", c.name, c.kubeconfig, wordKindError(err))
		}
	}
	return c, nil
}

// adopt takes over what the state says.
func (c *Cluster) adopt(st state) {
	c.image, c.digest, c.version = st.Image, st.Digest, st.KubernetesVersion
	c.kubeconfig = or(st.KubeconfigPath, c.kubeconfig)
}

// Info is one line of List.
type Info struct {
	// Name is the cluster's name.
	Name string `json:"name"`
	// Ours tells whether dsconform made it.
	Ours bool `json:"ours"`
	// Phase is "ready", "creating" or "failed"; empty if it is not ours.
	Phase string `json:"phase,omitempty"`
	// Containers is how many containers it has.
	Containers int `json:"containers"`
	// KubernetesVersion is as in "v1.37.2"; empty if it is not ours.
	KubernetesVersion string `json:"kubernetesVersion,omitempty"`
	// Image is the node image it was made of; empty if it is not ours.
	Image string `json:"image,omitempty"`
	// Controllers is the --controllers value it was made with, if any.
	Controllers string `json:"controllers,omitempty"`
	// Created is when its making began; zero if it is not ours.
	Created time.Time `json:"created,omitzero"`
	// Kubeconfig is the path of its kubeconfig; empty if it is not ours.
	Kubeconfig string `json:"kubeconfig,omitempty"`
}

// List gives all kind clusters of the engine, sorted by name, those of others
// included. Of the options it reads Engine, StateDir and Timeouts.
func List(ctx context.Context, o Options) ([]Info, error) {
	o, err := o.locate()
	if err != nil {
		return nil, err
	}
	ctx, cancel := bound(ctx, o.Timeouts.NodeCommand)
	defer cancel()
	return list(ctx, o)
}

func list(ctx context.Context, o Options) ([]Info, error) {
	counts, err := containers{engine: o.Engine}.clusters(ctx)
	if err != nil {
		return nil, exit.Environmentf("%w", err)
	}
	infos := make([]Info, 0, len(counts))
	for name, n := range counts {
		info := Info{Name: name, Containers: n}
		st, err := store{dir: o.StateDir, name: name}.read()
		if err != nil && !errors.Is(err, errNoState) {
			return nil, environment(err)
		}
		if err == nil {
			info.Ours, info.Phase, info.Created = true, string(st.Phase), st.Created
			info.KubernetesVersion, info.Controllers, info.Kubeconfig = st.KubernetesVersion, st.Controllers, st.KubeconfigPath
			info.Image = st.Image
		}
		infos = append(infos, info)
	}
	sort.Slice(infos, func(i, j int) bool { return infos[i].Name < infos[j].Name })
	return infos, nil
}

// Healthy waits until every node is Ready without start-up taints and the
// cluster's own network and DNS run, within Timeouts.NodeReady; a cluster that
// is used again has to show that it still works.
func (c *Cluster) Healthy(ctx context.Context) error {
	ctx, cancel := bound(ctx, c.timeouts.NodeReady)
	defer cancel()
	names, err := c.Nodes(ctx)
	if err != nil {
		return err
	}
	cs, err := c.client()
	if err != nil {
		return err
	}
	err = c.restoreController(ctx)
	if err == nil {
		err = await.Nodes(ctx, await.AllNodes(cs), "the nodes to be Ready", names, await.Settled)
	}
	if err == nil {
		err = awaitSystem(ctx, cs, 0)
	}
	if err != nil {
		return exit.Environmentf("cluster %s is not healthy: %w", c.name, err)
	}
	return nil
}

package sim

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sort"
	"time"

	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/internal/exit"
)

// Open gives a cluster made before, by this or another process. more may set
// StateDir, Timeouts and Log. The error wraps ErrNotFound, class Usage, if there
// is no such cluster.
func Open(ctx context.Context, name string, more ...func(*Options)) (*Cluster, error) {
	o := Options{Name: name}
	for _, set := range more {
		set(&o)
	}
	o, err := o.paths()
	if err != nil {
		return nil, err
	}
	c := o.cluster()
	st, err := c.store.read()
	if errors.Is(err, errNoState) {
		have, listErr := List(ctx, o)
		if listErr != nil {
			return nil, listErr
		}
		return nil, notFound(c.name, have)
	}
	if err != nil {
		return nil, environment(err)
	}
	if st.Phase != phaseReady {
		return nil, exit.Environmentf("simulated cluster %q is not of use: its making %s; delete it", c.name, map[phase]string{phaseCreating: "is under way or was cut short", phaseFailed: "failed"}[st.Phase])
	}
	ctx, cancel := bound(ctx, o.Timeouts.NodeCommand)
	defer cancel()
	if _, err := c.control.Status(ctx); err != nil {
		return nil, exit.Environmentf("simulated cluster %q is not of use: %w; delete it", c.name, err)
	}
	c.adopt(st)
	return c, nil
}

// adopt takes over what the state says.
func (c *Cluster) adopt(st state) {
	c.version, c.kubeconfig = st.KubernetesVersion, st.KubeconfigPath
	c.plan.Ports, c.plan.Controllers = st.Ports, st.Controllers
}

// Info is one line of List.
type Info struct {
	// Name is the cluster's name.
	Name string `json:"name"`
	// Phase is "ready", "creating", "failed", or "dead" for one whose processes are gone.
	Phase string `json:"phase"`
	// KubernetesVersion is as in "v1.37.2".
	KubernetesVersion string `json:"kubernetesVersion"`
	// Workers is the number of workers it was made with.
	Workers int `json:"workers"`
	// Controllers is the --controllers value it was made with, if any.
	Controllers string `json:"controllers,omitempty"`
	// Created is when its making began.
	Created time.Time `json:"created"`
	// Kubeconfig is the path of its kubeconfig.
	Kubeconfig string `json:"kubeconfig"`
}

// List gives all clusters of simulated nodes, sorted by name. Of the options it
// reads StateDir.
func List(ctx context.Context, o Options) ([]Info, error) {
	o, err := o.paths()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(o.StateDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, exit.Environmentf("listing the simulated clusters: %w", err)
	}
	var infos []Info
	for _, e := range entries {
		o.Name, o.KubeconfigPath = e.Name(), ""
		c := o.cluster()
		st, err := c.store.read()
		if errors.Is(err, errNoState) {
			continue
		}
		if err != nil {
			return nil, environment(err)
		}
		info := Info{
			Name: c.name, Phase: string(st.Phase), KubernetesVersion: st.KubernetesVersion, Workers: st.Workers,
			Controllers: st.Controllers, Created: st.Created, Kubeconfig: st.KubeconfigPath,
		}
		if _, err := c.control.Status(ctx); err != nil && st.Phase == phaseReady {
			info.Phase = "dead"
		}
		infos = append(infos, info)
	}
	sort.Slice(infos, func(i, j int) bool { return infos[i].Name < infos[j].Name })
	return infos, nil
}

// Healthy waits until every node is Ready without start-up taints, within
// Timeouts.NodeReady; a cluster that is used again has to show that it still works.
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
	if err := await.Nodes(ctx, await.AllNodes(cs), "the nodes to be Ready", names, await.Settled); err != nil {
		return exit.Environmentf("cluster %s is not healthy: %w", c.name, err)
	}
	return nil
}

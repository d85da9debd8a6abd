package kind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/internal/exit"
)

// Create makes a cluster and returns once all its nodes are Ready, its network
// and DNS are up and its start-up taints are gone. Whatever fails or cancels it
// on the way, nothing is left behind, unless Options.Retain asks for it; the
// error names the folder with the nodes' logs. It is of class Usage for options
// that cannot work and of class Environment for all else; it wraps ErrExists if
// the name is taken.
func Create(ctx context.Context, o Options) (*Cluster, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	unlock, err := o.store().tryLife(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	c := o.cluster()
	if err := c.engine.Apply(); err != nil {
		return nil, exit.Environmentf("using the container engine: %w", err)
	}
	if err := c.makeRoom(ctx); err != nil {
		return nil, err
	}
	limited, cancel := bound(ctx, o.Timeouts.Create)
	defer cancel()
	m := &making{o: o, c: c}
	if err := m.run(limited); err != nil {
		return nil, m.fail(ctx, err)
	}
	return c, nil
}

// cluster is the handle for the options; what is known of the image comes later.
func (o Options) cluster() *Cluster {
	c := &Cluster{
		name:       o.Name,
		engine:     o.Engine,
		containers: containers{engine: o.Engine},
		store:      o.store(),
		timeouts:   o.Timeouts,
		log:        o.Log,
		kubeconfig: o.KubeconfigPath,
		image:      o.NodeImage,
		version:    o.KubernetesVersion,
	}
	if c.kubeconfig == "" {
		c.kubeconfig = c.store.defaultKubeconfig()
	}
	return c
}

// makeRoom refuses a name that is taken, and clears away what a process that
// was killed while it made the cluster left of it.
func (c *Cluster) makeRoom(ctx context.Context) error {
	ctx, cancel := bound(ctx, c.timeouts.Delete)
	defer cancel()
	ms, err := c.containers.machines(ctx, c.name)
	if err != nil {
		return exit.Environmentf("%w", err)
	}
	st, err := c.store.read()
	switch {
	case errors.Is(err, errNoState) && len(ms) == 0:
		return nil
	case errors.Is(err, errNoState):
		return exit.Environmentf("%w: a kind cluster named %q that dsconform did not make is running on this engine: choose another name", ErrExists, c.name)
	case err != nil:
		return err
	case len(ms) > 0 && st.Phase != phaseCreating:
		return exit.Environmentf("%w: cluster %q was made on %s: use it with --reuse, delete it, or choose another name", ErrExists, c.name, st.Created.Format(time.DateTime))
	}
	// We hold the life lock, so whoever was at it is gone.
	c.log.Notef("removing what an earlier run left of cluster %s", c.name)
	c.kubeconfig = or(st.KubeconfigPath, c.kubeconfig)
	return c.scrap(ctx, nil)
}

func or(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// making is one run of Create.
type making struct {
	o    Options
	c    *Cluster
	lib  *library // the run of kind's library, nil before it starts
	made bool     // something may stand that has to be removed again
}

func (m *making) run(ctx context.Context) error {
	var f facts
	if err := m.c.log.Do(ctx, "preflight", m.o.Timeouts.NodeCommand, func(ctx context.Context) (err error) {
		f, err = m.preflight(ctx)
		return err
	}); err != nil {
		return err
	}
	cfg, err := kindConfig(m.o, f)
	if err != nil {
		return exit.Internalf("%w", err)
	}
	m.made = true
	st := state{
		Phase: phaseCreating, Created: time.Now(), Image: m.c.image, Digest: m.c.digest,
		KubernetesVersion: m.c.version, KubeconfigPath: m.c.kubeconfig,
		Controllers: m.o.Controllers, ControlPlanes: m.o.ControlPlanes, Workers: m.o.Workers, LastWorker: m.o.Workers,
	}
	if err := m.c.store.write(st); err != nil {
		return exit.Environmentf("%w", err)
	}
	if err := m.provision(ctx, cfg); err != nil {
		return err
	}
	if err := m.settle(ctx); err != nil {
		return err
	}
	st.Phase = phaseReady
	if err := m.c.store.write(st); err != nil {
		return exit.Environmentf("%w", err)
	}
	return nil
}

// settle goes on where kind ends: it waits for no worker, no network and no taint.
func (m *making) settle(ctx context.Context) error {
	inside, err := m.c.containers.exec(ctx, clusters.NodeName(m.o.Name, clusters.RoleControlPlane, 0), "cat", "/kind/version")
	if err != nil {
		return err
	}
	if inside != m.c.version {
		return exit.Usagef("the node image %s holds Kubernetes %s, not %s", m.c.image, inside, m.c.version)
	}
	cs, err := m.c.client()
	if err != nil {
		return err
	}
	names := m.o.nodeNames()
	if err := m.c.log.Do(ctx, "nodes Ready", 0, func(ctx context.Context) error {
		return await.Nodes(ctx, await.AllNodes(cs), "the nodes to be Ready", names, await.NodeReady)
	}); err != nil {
		return err
	}
	if err := m.c.log.Do(ctx, "network and DNS up", 0, func(ctx context.Context) error {
		return awaitSystem(ctx, cs, len(names))
	}); err != nil {
		return err
	}
	if err := m.c.log.Do(ctx, "start-up taints gone", 0, func(ctx context.Context) error {
		for i := range m.o.Workers {
			_, viaAPI := splitLabels(m.o.worker(i).Labels)
			if len(viaAPI) == 0 {
				continue
			}
			if err := labelViaAPI(ctx, cs, clusters.NodeName(m.o.Name, clusters.RoleWorker, i), viaAPI); err != nil {
				return err
			}
		}
		return await.Nodes(ctx, await.AllNodes(cs), "the start-up taints to go", names, await.Settled)
	}); err != nil {
		return err
	}
	if m.o.Controllers == "" {
		return nil
	}
	return m.c.log.Do(ctx, "kube-controller-manager with --controllers="+m.o.Controllers, 0, func(ctx context.Context) error {
		return m.c.setControllers(ctx, cs, m.o.Controllers)
	})
}

// nodeNames are the names kind gives the nodes.
func (o Options) nodeNames() []string {
	var names []string
	for i := range o.ControlPlanes {
		names = append(names, clusters.NodeName(o.Name, clusters.RoleControlPlane, i))
	}
	for i := range o.Workers {
		names = append(names, clusters.NodeName(o.Name, clusters.RoleWorker, i))
	}
	return names
}

// fail saves the logs, removes what was made and words the error. ctx is the
// caller's, without the limit of the making.
func (m *making) fail(ctx context.Context, cause error) error {
	if !m.made {
		return environment(fmt.Errorf("making cluster %s: %w", m.c.name, cause))
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		cause = fmt.Errorf("making cluster %s was cancelled (%w): it is removed", m.c.name, context.Cause(ctx))
	} else {
		where := m.c.saveFailure(ctx)
		cause = fmt.Errorf("making cluster %s: %w; %s", m.c.name, cause, where)
		if m.o.Retain {
			return m.retain(ctx, cause)
		}
	}
	clean, cancel := afterwards(ctx, m.o.Timeouts.Delete)
	defer cancel()
	if err := m.c.log.Do(clean, "removing cluster "+m.c.name, 0, func(ctx context.Context) error {
		return m.c.scrap(ctx, m.lib)
	}); err != nil {
		cause = fmt.Errorf("%w; removing it failed too: %w", cause, err)
	}
	return environment(cause)
}

// retain leaves the failed cluster as it is, marked so that the next run does not clear it away.
func (m *making) retain(ctx context.Context, cause error) error {
	clean, cancel := afterwards(ctx, m.o.Timeouts.NodeCommand)
	defer cancel()
	err := m.c.store.update(clean, func(st *state) error { st.Phase = phaseFailed; return nil })
	if err != nil {
		return environment(fmt.Errorf("%w; the cluster is kept, but not marked so: %w", cause, err))
	}
	return environment(fmt.Errorf("%w; the cluster is kept for a look at it", cause))
}

// saveFailure writes what tells of the failure into a folder of its own and says where.
func (c *Cluster) saveFailure(ctx context.Context) string {
	ctx, cancel := afterwards(ctx, c.timeouts.NodeCommand)
	defer cancel()
	dir := filepath.Join(c.store.dir, "logs", c.name+"-"+time.Now().Format("20060102-150405"))
	err := c.log.Do(ctx, "saving the nodes' logs", 0, func(ctx context.Context) error {
		return errors.Join(c.CollectLogs(ctx, dir), copyFile(c.store.kindLog(), filepath.Join(dir, "kind.log")))
	})
	if _, statErr := os.Stat(dir); statErr != nil {
		return fmt.Sprintf("no logs could be saved: %v", err)
	}
	return "the logs are in " + dir
}

// environment classes an error that has no class yet.
func environment(err error) error {
	var classed *exit.Error
	if errors.As(err, &classed) && classed.Class != exit.Environment {
		return &exit.Error{Class: classed.Class, Err: err}
	}
	return exit.Environmentf("%w", err)
}

package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
	"github.com/dsconform/dsconform/clusters/sim/kubelet"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/supervisor"
)

// Create makes a cluster and returns once its control plane is up and all its
// nodes are Ready without start-up taints. Whatever fails or cancels it on the
// way, no process is left, and no file but logs unless Options.Retain asks for
// it. The error is of class Usage for options that cannot work and of class
// Environment for all else; it wraps ErrExists if the name is taken.
func Create(ctx context.Context, o Options) (*Cluster, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	c := o.cluster()
	unlock, err := c.store.tryLife(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err = c.makeRoom(ctx); err != nil {
		return nil, err
	}
	programs, err := findPrograms(ctx, o)
	if err != nil {
		return nil, err
	}
	limited, cancel := bound(ctx, o.Timeouts.Create)
	defer cancel()
	if err := c.make(limited, o, programs); err != nil {
		return nil, c.fail(ctx, o, err)
	}
	return c, nil
}

// cluster is the handle for the options.
func (o Options) cluster() *Cluster {
	s := store{dir: o.StateDir, name: o.Name}
	c := &Cluster{
		name: o.Name, store: s, version: o.KubernetesVersion, timeouts: o.Timeouts, log: o.Log,
		control: supervisor.NewClient(s.folder()),
		plan: controlplane.Plan{
			Name: o.Name, Folder: s.folder(), Controllers: o.Controllers,
			Stages:       filepath.Join(s.folder(), "stages.yaml"),
			NodeSelector: kubelet.StateLabel + "=" + kubelet.StateRunning,
			Nodes:        o.Workers + o.Expected,
		},
		kubeconfig: o.KubeconfigPath,
	}
	if c.kubeconfig == "" {
		c.kubeconfig = c.plan.Kubeconfig()
	}
	return c
}

// makeRoom refuses a name that is taken, and clears away what a process that
// was killed left of it.
func (c *Cluster) makeRoom(ctx context.Context) error {
	st, err := c.store.read()
	if errors.Is(err, errNoState) {
		return nil
	}
	if err != nil {
		return environment(err)
	}
	if _, err := c.control.Status(ctx); err == nil && st.Phase == phaseReady {
		return exit.Environmentf("%w: simulated cluster %q was made on %s: use it with --reuse, delete it, or choose another name", ErrExists, c.name, st.Created.Format(time.DateTime))
	}
	c.log.Notef("removing what an earlier run left of simulated cluster %s", c.name)
	return c.scrap(ctx, st)
}

// make writes the files, starts the supervisor and what it supervises, and
// makes the nodes.
func (c *Cluster) make(ctx context.Context, o Options, p programs) error {
	c.version, c.plan.Programs = p.version, p.paths
	st := state{
		Phase: phaseCreating, Created: time.Now(), KubernetesVersion: c.version,
		KubeconfigPath: c.kubeconfig, Controllers: o.Controllers, Workers: o.Workers,
	}
	err := c.log.Do(ctx, "control plane of Kubernetes "+c.version, 0, func(ctx context.Context) error {
		if err := c.lay(ctx, o, &st); err != nil {
			return err
		}
		return c.startAll(ctx, o)
	})
	if err != nil {
		return err
	}
	running, err := c.control.Status(ctx)
	if err != nil {
		return err
	}
	if err := c.whileRunning(ctx, running, func(ctx context.Context) error { return c.makeNodes(ctx, o) }); err != nil {
		return err
	}
	return c.store.update(ctx, func(st *state) { st.Phase = phaseReady })
}

// lay takes the ports and writes all files.
func (c *Cluster) lay(ctx context.Context, o Options, st *state) error {
	if err := c.store.takePorts(ctx, st, controlplane.FreePorts); err != nil {
		return err
	}
	c.plan.Ports = st.Ports
	if err := c.plan.Write(time.Now()); err != nil {
		return err
	}
	if err := c.writeStages(ctx, o); err != nil {
		return err
	}
	if c.kubeconfig != c.plan.Kubeconfig() {
		return exportKubeconfig(c.plan.Kubeconfig(), c.kubeconfig)
	}
	return nil
}

// writeStages writes how the simulated kubelets behave.
func (c *Cluster) writeStages(ctx context.Context, o Options) error {
	stages, err := kubelet.Stages()
	if err != nil {
		return exit.Internalf("%w", err)
	}
	if o.FastStages {
		if stages, err = fastStages(ctx, o); err != nil {
			return err
		}
	}
	if err := os.WriteFile(c.plan.Stages, stages, 0o600); err != nil {
		return fmt.Errorf("writing the stages: %w", err)
	}
	return nil
}

// fastStages are KWOK's own, out of its module.
func fastStages(ctx context.Context, o Options) ([]byte, error) {
	builder, err := binaries.New(binaries.Options{Log: o.Log})
	if err != nil {
		return nil, err
	}
	kwok := binaries.KWOK()[0]
	dir, err := builder.ModuleDir(ctx, kwok.Module, kwok.Version)
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, name := range []string{
		"node/fast/node-initialize", "node/heartbeat-with-lease/node-heartbeat-with-lease",
		"pod/fast/pod-ready", "pod/fast/pod-complete", "pod/fast/pod-delete",
	} {
		raw, err := os.ReadFile(filepath.Join(dir, "kustomize", "stage", name+".yaml"))
		if err != nil {
			return nil, fmt.Errorf("reading KWOK's own stages: %w", err)
		}
		out = append(append(out, "---\n"...), raw...)
	}
	return out, nil
}

// fail keeps the logs, removes what was made and words the error. ctx is the
// caller's, without the limit of the making.
func (c *Cluster) fail(ctx context.Context, o Options, cause error) error {
	clean, cancel := afterwards(ctx, o.Timeouts.Delete)
	defer cancel()
	if errors.Is(ctx.Err(), context.Canceled) {
		cause = fmt.Errorf("making simulated cluster %s was cancelled (%w): it is removed", c.name, context.Cause(ctx))
	} else {
		dir := filepath.Join(c.store.dir, ".logs", c.name+"-"+time.Now().Format("20060102-150405"))
		cause = fmt.Errorf("making simulated cluster %s: %w", c.name, cause)
		if err := c.CollectLogs(clean, dir); err == nil {
			cause = fmt.Errorf("%w; the logs are in %s", cause, dir)
		}
	}
	var err error
	if o.Retain && ctx.Err() == nil {
		err = errors.Join(c.end(clean), c.store.update(clean, func(st *state) { st.Phase = phaseFailed }))
	} else {
		err = c.scrap(clean, state{KubeconfigPath: c.kubeconfig})
	}
	if err != nil {
		cause = fmt.Errorf("%w; removing it failed too: %w", cause, err)
	}
	return environment(cause)
}

package sim

import (
	"context"
	"errors"
	"os"

	"github.com/dsconform/dsconform/internal/exit"
)

// Delete removes a cluster and all that is its. Of the options it reads Name,
// StateDir, Timeouts and Log. The error wraps ErrNotFound, class Usage, if there
// is no such cluster.
func Delete(ctx context.Context, o Options) error {
	o, err := o.paths()
	if err != nil {
		return err
	}
	return o.cluster().Delete(ctx)
}

// Delete removes the cluster and all that is its.
func (c *Cluster) Delete(ctx context.Context) error {
	ctx, cancel := bound(ctx, c.timeouts.Delete)
	defer cancel()
	unlock, err := c.store.tryLife(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	st, err := c.store.read()
	if errors.Is(err, errNoState) {
		have, listErr := List(ctx, Options{StateDir: c.store.dir})
		if listErr != nil {
			return listErr
		}
		return notFound(c.name, have)
	}
	if err != nil {
		return environment(err)
	}
	return c.log.Do(ctx, "deleting simulated cluster "+c.name, 0, func(ctx context.Context) error { return c.scrap(ctx, st) })
}

// scrap ends the processes and removes the files.
func (c *Cluster) scrap(ctx context.Context, st state) error {
	if err := c.end(ctx); err != nil {
		return environment(err)
	}
	var err error
	if path := st.KubeconfigPath; path != "" && path != c.plan.Kubeconfig() {
		err = dropKubeconfig(path, c.name)
	}
	// The state goes with its folder, so that a removal cut short is seen and done again.
	if err = errors.Join(err, os.RemoveAll(c.store.folder())); err != nil {
		return exit.Environmentf("removing simulated cluster %s: %w", c.name, err)
	}
	return nil
}

// end ends the supervisor and all it supervises.
func (c *Cluster) end(ctx context.Context) error {
	if err := c.control.Shutdown(ctx); err != nil {
		return err
	}
	if c.process != nil {
		c.process.Wait()
		c.process = nil
	}
	return nil
}

package kind

import (
	"context"
	"errors"

	"github.com/dsconform/dsconform/internal/exit"
)

// Delete removes a cluster dsconform made, and all that is its. Of the options
// it reads Engine, Name, StateDir, Timeouts and Log. The error wraps ErrNotFound,
// class Usage, if there is no such cluster.
func Delete(ctx context.Context, o Options) error {
	o, err := o.locate()
	if err != nil {
		return err
	}
	c := o.cluster()
	ctx, cancel := bound(ctx, o.Timeouts.Delete)
	defer cancel()
	unlock, err := c.store.tryLife(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err = c.engine.Apply(); err != nil {
		return exit.Environmentf("using the container engine: %w", err)
	}
	st, err := c.store.read()
	if err != nil && !errors.Is(err, errNoState) {
		return environment(err)
	}
	if errors.Is(err, errNoState) {
		have, listErr := list(ctx, o)
		if listErr != nil {
			return listErr
		}
		for _, h := range have {
			if h.Name == c.name {
				return exit.Usagef("cluster %q was not made by dsconform: it is left alone", c.name)
			}
		}
		return notFound(c.name, have)
	}
	c.adopt(st)
	if err := c.log.Do(ctx, "deleting cluster "+c.name, 0, func(ctx context.Context) error { return c.scrap(ctx, nil) }); err != nil {
		return exit.Environmentf("%w", err)
	}
	return nil
}

// Delete removes the cluster and all that is its.
func (c *Cluster) Delete(ctx context.Context) error {
	return Delete(ctx, Options{Engine: c.engine, Name: c.name, StateDir: c.store.dir, Timeouts: c.timeouts, Log: c.log})
}

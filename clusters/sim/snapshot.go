package sim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/clusters/await"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/supervisor"
)

// Snapshot writes all the cluster's objects to a new folder: etcd's files as
// they are at one instant. etcd is frozen while they are copied, so that they
// are what a machine finds whose power went, which etcd can start from.
func (c *Cluster) Snapshot(ctx context.Context, path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return exit.Usagef("%s is there already: a snapshot is written to a new folder", path)
	}
	ctx, cancel := bound(ctx, c.timeouts.NodeCommand)
	defer cancel()
	if _, err := c.control.Do(ctx, controlplane.Etcd, supervisor.Pause); err != nil {
		return exit.Environmentf("freezing etcd of cluster %s: %w", c.name, err)
	}
	err := copyTree(c.plan.EtcdData(), path)
	thaw, stop := afterwards(ctx, c.timeouts.NodeCommand)
	defer stop()
	if _, thawed := c.control.Do(thaw, controlplane.Etcd, supervisor.Resume); thawed != nil {
		err = errors.Join(err, fmt.Errorf("thawing etcd: %w", thawed))
	}
	if err != nil {
		return exit.Environmentf("taking a snapshot of cluster %s: %w", c.name, err)
	}
	return nil
}

// Restore brings the cluster back to a snapshot: its components start anew from
// it, and it returns once they are ready and every node of the snapshot is.
// Whoever watches the cluster has to begin again.
func (c *Cluster) Restore(ctx context.Context, path string) error {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return exit.Usagef("%s is no snapshot: it is no folder", path)
	}
	ctx, cancel := bound(ctx, c.timeouts.Create)
	defer cancel()
	unlock, err := c.store.tryLife(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.log.Do(ctx, "cluster "+c.name+" from the snapshot "+path, 0, func(ctx context.Context) error { return c.restore(ctx, path) }); err != nil {
		return environment(fmt.Errorf("restoring cluster %s: %w", c.name, err))
	}
	return nil
}

func (c *Cluster) restore(ctx context.Context, path string) error {
	// Nobody may see the new state with what it has learnt of the old one.
	names := controlplane.Names()
	for i := range names {
		if _, err := c.control.Do(ctx, names[len(names)-1-i], supervisor.Kill); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(c.plan.EtcdData()); err != nil {
		return fmt.Errorf("removing etcd's files: %w", err)
	}
	if err := copyTree(path, c.plan.EtcdData()); err != nil {
		return err
	}
	if err := c.bringUp(ctx); err != nil {
		return err
	}
	cs, err := c.client()
	if err != nil {
		return err
	}
	nodes, err := c.Nodes(ctx)
	if err != nil {
		return err
	}
	return await.Nodes(ctx, await.AllNodes(cs), "the nodes to be Ready", nodes, await.Settled)
}

// freeLeases deletes the leases of those who ran before a start: they are gone,
// and their successors would wait until the leases have run out.
func (c *Cluster) freeLeases(ctx context.Context, namespaces ...string) error {
	cs, err := c.client()
	if err != nil {
		return err
	}
	for _, ns := range namespaces {
		err := cs.CoordinationV1().Leases(ns).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("deleting the leases in namespace %s: %w", ns, err)
		}
	}
	return nil
}

// copyTree copies a folder of plain files, readable by their owner alone.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return fmt.Errorf("copying %s: %w", path, err)
		}
		target := filepath.Join(to, rel)
		if entry.IsDir() {
			if err := os.MkdirAll(target, 0o700); err != nil {
				return fmt.Errorf("copying %s: %w", path, err)
			}
			return nil
		}
		return copyFile(path, target)
	})
}

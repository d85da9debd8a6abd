package kind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	kindcluster "sigs.k8s.io/kind/pkg/cluster"
	kinderrors "sigs.k8s.io/kind/pkg/errors"

	"github.com/dsconform/dsconform/internal/exit"
)

// CollectLogs implements clusters.LogCollector: what kind saves of every node
// (journal, kubelet, containerd, /var/log with the containers' logs, inspection)
// and the images it holds, one folder a node. What could be saved is, whatever
// fails beside it.
func (c *Cluster) CollectLogs(ctx context.Context, dir string) error {
	if err := c.engine.Apply(); err != nil {
		return exit.Environmentf("using the container engine: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return exit.Usagef("the folder for the logs cannot be made: %w", err)
	}
	saved := make(chan error, 1)
	go func() {
		saved <- kindcluster.NewProvider(providerOption(c.engine)).CollectLogs(c.name, dir)
	}()
	var errs []error
	select {
	case <-ctx.Done():
		return exit.Environmentf("saving the logs of cluster %s: %w", c.name, context.Cause(ctx))
	case err := <-saved:
		errs = append(errs, withoutCrictl(err))
	}
	names, err := c.Nodes(ctx)
	errs = append(errs, err)
	for _, name := range names {
		out, err := c.containers.exec(ctx, name, "ctr", "--namespace=k8s.io", "images", "ls")
		if err != nil {
			out = err.Error() // that containerd does not run tells something too
		}
		errs = append(errs, os.WriteFile(filepath.Join(dir, name, "images.log"), []byte(out+"\n"), 0o600))
	}
	if err := errors.Join(errs...); err != nil {
		return exit.Environmentf("saving the logs of cluster %s: %w", c.name, err)
	}
	return nil
}

// withoutCrictl leaves out the complaints about crictl, which our node images
// do not hold: the list of images is written another way.
func withoutCrictl(err error) error {
	if err == nil {
		return nil
	}
	all := kinderrors.Errors(err)
	if all == nil {
		all = []error{err}
	}
	var left []error
	for _, e := range all {
		if !strings.Contains(e.Error(), "crictl") {
			left = append(left, fmt.Errorf("%w", wordKindError(e)))
		}
	}
	return errors.Join(left...)
}

package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/supervisor"
)

// CollectLogs implements clusters.LogCollector: the logs of the components and
// of the supervisor, and the audit log. There are no logs of pods.
func (c *Cluster) CollectLogs(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return exit.Usagef("the folder for the logs cannot be made: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(supervisor.LogFolder(c.plan.Folder), "*.log"))
	if err != nil {
		return exit.Internalf("listing the logs: %w", err)
	}
	var errs []error
	for _, path := range append(files, c.plan.AuditLog()) {
		if ctx.Err() != nil {
			return exit.Environmentf("saving the logs of cluster %s: %w", c.name, context.Cause(ctx))
		}
		err := copyFile(path, filepath.Join(dir, filepath.Base(path)))
		if !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return exit.Environmentf("saving the logs of cluster %s: %w", c.name, err)
	}
	return nil
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copying %s: %w", from, err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("copying %s: %w", from, err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, in); err != nil {
		return fmt.Errorf("copying %s to %s: %w", from, to, err)
	}
	return nil
}

package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dsconform/dsconform/internal/exit"
)

// ReadAudit implements clusters.AuditReader: the API server begins its log anew
// once it is long, and keeps the one before as audit-TIME.log.
func (c *Cluster) ReadAudit(ctx context.Context, _ string, read func(io.Reader) error) error {
	path := c.AuditLog()
	stem := strings.TrimSuffix(filepath.Base(path), ".log")
	older, err := filepath.Glob(filepath.Join(filepath.Dir(path), stem+"-*.log"))
	if err != nil {
		return exit.Internalf("looking for the audit logs of cluster %s: %w", c.name, err)
	}
	for _, file := range append(older, path) {
		if ctx.Err() != nil {
			return exit.Environmentf("reading the audit log of cluster %s: %w", c.name, context.Cause(ctx))
		}
		if err := readFile(file, read); err != nil {
			return exit.Environmentf("cluster %s: %w", c.name, err)
		}
	}
	return nil
}

// readFile reads one file. One that is gone was removed as too old.
func readFile(path string, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("opening the audit log: %w", err)
	}
	defer f.Close()
	return read(f)
}

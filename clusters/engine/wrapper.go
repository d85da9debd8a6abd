package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/engine/ociwrap"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// buildLimit bounds the build of the wrapper, a second's work for an idle
// machine. Cap: 5 min.
const buildLimit = 2 * time.Minute

// installWrapper puts the OCI runtime for this machine into dir and gives its
// path, or "" where runc alone will do. It is a program of its own where a Go
// toolchain can build it, else a copy of this one: a copy either way, as the
// engine outlives this program and the cache.
func installWrapper(ctx context.Context, dir string, log *steps.Log) (string, error) {
	missing, err := ociwrap.MissingCapabilities()
	if err != nil || len(missing) == 0 {
		return "", err
	}
	program, err := buildWrapper(ctx, log)
	if ctx.Err() != nil {
		return "", exit.Environmentf("make the OCI runtime: %w", context.Cause(ctx))
	}
	if err != nil {
		log.Notef("commands in containers start a little slower, by a copy of this program as OCI runtime: %v", err)
		if program, err = actor(ctx, wrapperName); err != nil {
			return "", err
		}
	}
	path := filepath.Join(dir, wrapperName)
	if err := copyProgram(program, path); err != nil {
		return "", exit.Environmentf("copy %s to %s: %w", program, path, err)
	}
	return path, nil
}

// buildWrapper gives the path of the wrapper in the cache.
func buildWrapper(ctx context.Context, log *steps.Log) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", fmt.Errorf("no Go toolchain to build a smaller one: %w", err)
	}
	source, err := ociwrap.Source()
	if err != nil {
		return "", err
	}
	b, err := binaries.New(binaries.Options{Log: log})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, buildLimit, fmt.Errorf("not built within %s", buildLimit))
	defer cancel()
	built, err := b.Build(ctx, binaries.Program{Name: wrapperName, Source: source, Require: ociwrap.Modules()})
	return built[wrapperName], err
}

// copyProgram replaces the file in one move: the old one may be running.
func copyProgram(from, to string) (err error) {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	tmp := to + ".new"
	dst, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	if err = errors.Join(err, dst.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, to)
}

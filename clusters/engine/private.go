package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/dsconform/dsconform/clusters/engine/dockerd"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// DefaultStateDir is <UserCacheDir>/dsconform/engine, the private engine's
// folder where none is given.
func DefaultStateDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", exit.Environmentf("find a folder for the private engine: %w", err)
	}
	return filepath.Join(cache, "dsconform", "engine"), nil
}

// Open gives the private engine that runs in stateDir (empty:
// DefaultStateDir), from whatever process. One that does not run or answer is
// an error of class Environment.
func Open(ctx context.Context, stateDir string) (*Engine, error) {
	dir, err := stateDirOr(stateDir)
	if err != nil {
		return nil, err
	}
	d, err := dockerd.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	return newPrivate(d, steps.Discard()), nil
}

// Remove stops the private engine in stateDir (empty: DefaultStateDir) and
// deletes everything of it, images and the folder itself included. Nothing
// there is no error; a folder that is not a private engine's is one of class
// Usage, and stays.
func Remove(ctx context.Context, stateDir string, log *steps.Log) error {
	dir, err := stateDirOr(stateDir)
	if err != nil {
		return err
	}
	return dockerd.Remove(ctx, dir, logOr(log))
}

func startPrivate(ctx context.Context, o Options) (*Engine, error) {
	dir, err := stateDirOr(o.StateDir)
	if err != nil {
		return nil, err
	}
	if err = supported(); err != nil {
		return nil, err
	}
	d, err := dockerd.Start(ctx, dockerd.Options{
		Dir: dir, Log: o.Log,
		Runtime: func(ctx context.Context, dir string) (string, error) {
			return installWrapper(ctx, dir, o.Log)
		},
		Verify: func(ctx context.Context, d *dockerd.Daemon) error {
			return prove(ctx, newPrivate(d, o.Log))
		},
	})
	if err != nil {
		return nil, err
	}
	return newPrivate(d, o.Log), nil
}

// supported tells, as an error, why a private engine cannot be started here.
func supported() error {
	if runtime.GOOS != "linux" {
		return exit.Environmentf("a private engine needs Linux; this is %s", runtime.GOOS)
	}
	if uid := os.Geteuid(); uid != 0 {
		return exit.Environmentf("a private engine needs root; this is user %d", uid)
	}
	return nil
}

func stateDirOr(dir string) (string, error) {
	if dir != "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return "", fmt.Errorf("state folder of the private engine: %w", err)
		}
		return abs, nil
	}
	return DefaultStateDir()
}

func logOr(log *steps.Log) *steps.Log {
	if log == nil {
		return steps.Discard()
	}
	return log
}

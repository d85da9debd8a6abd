package engine

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// Options say which engines may be used.
type Options struct {
	// Private allows a private engine, running or to be started (--private-engine).
	Private bool
	// System has the system's engines tried first. With Private false they are
	// always tried, as there is nothing else.
	System bool
	// StateDir is the private engine's folder. Default: DefaultStateDir.
	StateDir string
	// Log shows the steps and what was tried. Default: none shown.
	Log *steps.Log
}

// Find gives the first engine that proves to run privileged containers: the
// system's docker, podman or nerdctl (only the one named by
// KIND_EXPERIMENTAL_PROVIDER, where that is set, as kind has it), then a
// private one. If there is none, the error, of class Environment, lists what
// was tried and why each will not do; a machine where nothing answers takes
// less than ten seconds to tell.
func Find(ctx context.Context, o Options) (*Engine, error) {
	o.Log = logOr(o.Log)
	var tried []string
	if o.System || !o.Private {
		e, refused := findSystem(ctx, o.Log)
		if e != nil {
			return e, nil
		}
		if err := context.Cause(ctx); err != nil {
			return nil, exit.Environmentf("look for a container engine: %w", err)
		}
		tried = refused
	}
	if !o.Private {
		return nil, nothing(append(tried, "private engine: not asked for"), hint(runtime.GOOS, os.Geteuid()))
	}
	if len(tried) > 0 {
		o.Log.Notef("no system engine will do (%s): taking a private one", strings.Join(tried, "; "))
	}
	e, err := startPrivate(ctx, o)
	if err != nil && len(tried) > 0 {
		return nil, fmt.Errorf("%w; before that: %s", err, strings.Join(tried, "; "))
	}
	return e, err
}

// nothing is the one line a user gets who has no engine.
func nothing(tried []string, hint string) error {
	return exit.Environmentf("no container engine will do: %s; %s", strings.Join(tried, "; "), hint)
}

// hint says what would help here.
func hint(goos string, uid int) string {
	const start = "start docker, podman or nerdctl"
	switch {
	case goos != "linux":
		return start
	case uid != 0:
		return start + ", or as root let dsconform start an engine of its own with --private-engine"
	default:
		return start + ", or let dsconform start an engine of its own with --private-engine"
	}
}

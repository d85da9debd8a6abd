package dockerd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// Options say how a private daemon is started. All but Log and Runtime are required.
type Options struct {
	// Dir is the daemon's folder, made if it is missing.
	Dir string
	// Log shows the steps; nil shows none.
	Log *steps.Log
	// Runtime puts an OCI runtime for this machine into the given folder and
	// returns its path, or returns "" where runc alone will do. nil means runc.
	Runtime func(ctx context.Context, dir string) (string, error)
	// Verify proves a daemon that has come up; with an error the start fails.
	Verify func(ctx context.Context, d *Daemon) error
}

const (
	// startLimit bounds the way from the process to its word that it serves. Cap: 3 min.
	startLimit = 90 * time.Second
	// undoLimit bounds the clean-up behind a start that failed or was broken off.
	undoLimit = 90 * time.Second
)

// Start gives the folder's running daemon, or starts it. If it fails, or ctx
// ends, nothing of the daemon is left running. The error is of class
// Environment, or Usage where the folder cannot serve.
func Start(ctx context.Context, o Options) (*Daemon, error) {
	l, err := newLayout(o.Dir)
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = steps.Discard()
	}
	if os.Geteuid() != 0 {
		return nil, exit.Environmentf("a private engine needs root; this is user %d", os.Geteuid())
	}
	release, err := acquire(ctx, l, o.Log)
	if err != nil {
		return nil, exit.Environmentf("start a private engine: %w", err)
	}
	defer release()
	s, err := loadState(l)
	if errors.Is(err, errUnreadable) {
		o.Log.Notef("%v: taking the private engine for one that broke off", err)
		s, err = state{Phase: starting}, nil
	}
	if err != nil {
		return nil, exit.Environmentf("start a private engine: %w", err)
	}
	if s.Phase == running && s.Daemon.Alive() {
		err = l.ping(ctx, hungLimit)
		if err == nil {
			return &Daemon{layout: l}, nil
		}
		if ctx.Err() != nil {
			return nil, exit.Environmentf("%w", err)
		}
		o.Log.Notef("%v: ending it and starting another", err)
	}
	var d *Daemon
	err = o.Log.Do(ctx, "Start a private container engine in "+l.dir, 0, func(ctx context.Context) error {
		d, err = start(ctx, l, s, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

func start(ctx context.Context, l layout, s state, o Options) (*Daemon, error) {
	if err := heal(ctx, l, s, o.Log); err != nil {
		return nil, exit.Environmentf("put in order what an earlier private engine left: %w", err)
	}
	if err := ensureInstalled(ctx, o.Log); err != nil {
		return nil, err
	}
	err := prepare(ctx, l, &s, o)
	if err == nil {
		err = launch(ctx, l, &s, o)
	}
	if err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
		defer cancel()
		if left := end(undo, l, s, o.Log); left != nil {
			return nil, fmt.Errorf("%w; also, cleaning up: %w", err, left)
		}
		return nil, err
	}
	return &Daemon{layout: l, Fresh: true}, nil
}

// prepare writes what the daemon reads, and the state that tells of a start under way.
func prepare(ctx context.Context, l layout, s *state, o Options) error {
	on, err := forwardingOn()
	if err != nil {
		return exit.Environmentf("start a private engine: %w", err)
	}
	*s = state{Phase: starting, CgroupParent: cgroupParent(l), ForwardingWasOff: s.ForwardingWasOff || !on}
	if err = s.save(l); err != nil {
		return exit.Environmentf("start a private engine: %w", err)
	}
	wrapper := ""
	if o.Runtime != nil {
		if err = os.MkdirAll(l.bin(), 0o755); err != nil {
			return exit.Environmentf("start a private engine: %w", err)
		}
		if wrapper, err = o.Runtime(ctx, l.bin()); err != nil {
			return fmt.Errorf("put an OCI runtime for this machine in place: %w", err)
		}
	}
	return newConfig(l, wrapper, s.CgroupParent).write(l)
}

// launch brings the daemon from its process to the proof that it works.
func launch(ctx context.Context, l layout, s *state, o Options) error {
	if err := context.Cause(ctx); err != nil {
		return exit.Environmentf("start a private engine: %w", err)
	}
	c, err := spawn(ctx, l)
	if err != nil {
		return err
	}
	s.Daemon = c.Process
	if err := s.save(l); err != nil {
		c.hush()
		return exit.Environmentf("start a private engine: %w", err)
	}
	limited, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("no word that it serves within %s", startLimit))
	defer cancel()
	if err := c.await(limited, l); err != nil {
		return err
	}
	if err := l.ping(ctx, pingLimit); err != nil {
		return exit.Environmentf("%w", err)
	}
	if err := openOutbound(ctx, l.tag()); err != nil {
		o.Log.Notef("containers cannot reach beyond this machine: %v", err)
	}
	if err := removeNodes(ctx, l, o.Log); err != nil {
		return exit.Environmentf("remove the nodes of clusters that did not outlive their engine: %w", err)
	}
	if o.Verify != nil {
		if err := o.Verify(ctx, &Daemon{layout: l, Fresh: true}); err != nil {
			return err
		}
	}
	s.Phase = running
	if err := s.save(l); err != nil {
		return exit.Environmentf("start a private engine: %w", err)
	}
	return nil
}

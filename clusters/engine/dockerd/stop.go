package dockerd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dsconform/dsconform/clusters/engine/host"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// nodeLabel is on every container that is a node of a kind cluster.
const nodeLabel = "io.x-k8s.kind.cluster"

// nodesLimit bounds the removal of all nodes of all clusters.
const nodesLimit = 2 * time.Minute

// Stop ends the folder's daemon and takes away everything it had on the
// machine beside its data: processes, mounts, network bridges, packet filter
// rules, cgroups. Nodes of kind clusters are removed first, as they would come
// back with other addresses at the next start; images stay. Where no daemon
// runs, what a broken-off one left is taken away; nothing left is no error.
func Stop(ctx context.Context, dir string, log *steps.Log) error {
	return withFolder(ctx, dir, log, "Stop the private container engine", func(ctx context.Context, l layout, s state) error {
		return end(ctx, l, s, log)
	})
}

// Remove stops the daemon and deletes its folder with all images and
// containers. A folder that is missing is no error; one that is not a private
// engine's is not touched, and the error is of class Usage.
func Remove(ctx context.Context, dir string, log *steps.Log) error {
	return withFolder(ctx, dir, log, "Remove the private container engine", func(ctx context.Context, l layout, s state) error {
		if err := end(ctx, l, s, log); err != nil {
			return err
		}
		if err := os.RemoveAll(l.dir); err != nil {
			return fmt.Errorf("delete %s: %w", l.dir, err)
		}
		return nil
	})
}

func withFolder(ctx context.Context, dir string, log *steps.Log, name string, do func(context.Context, layout, state) error) error {
	l, err := newLayout(dir)
	if err != nil {
		return err
	}
	ours, err := looksOurs(l.dir)
	if err != nil || !ours {
		return err
	}
	release, err := acquire(ctx, l, log)
	if err != nil {
		return exit.Environmentf("%s: %w", strings.ToLower(name), err)
	}
	defer release()
	s, err := loadState(l)
	if err != nil && !errors.Is(err, errUnreadable) {
		return exit.Environmentf("%s: %w", strings.ToLower(name), err)
	}
	if s.CgroupParent == "" {
		s.CgroupParent = cgroupParent(l) // a damaged state knows of none
	}
	err = log.Do(ctx, name+" in "+l.dir, 0, func(ctx context.Context) error { return do(ctx, l, s) })
	if err != nil {
		return exit.Environmentf("%w", err)
	}
	return nil
}

// looksOurs tells whether the folder is there and a private engine's. A folder
// with other things in it must not be taken for one by a slip in a path.
func looksOurs(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(entries) == 0) {
		return false, nil
	}
	if err != nil {
		return false, exit.Usagef("state folder of the private engine: %w", err)
	}
	l := layout{dir: dir}
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); path == l.state() || path == l.lock() {
			return true, nil
		}
	}
	return false, exit.Usagef("%s is not the state folder of a private engine: it has no %s", dir, filepath.Base(l.state()))
}

// end is Stop for one who has the lock.
func end(ctx context.Context, l layout, s state, log *steps.Log) error {
	if s.Daemon.Alive() && l.ping(ctx, pingLimit) == nil {
		if err := removeNodes(ctx, l, log); err != nil {
			log.Notef("%v; the engine's end will end them", err)
		}
	}
	if err := s.Daemon.End(ctx, endGrace); err != nil {
		return err
	}
	strays, err := host.Find(l.owns)
	if err != nil {
		return err
	}
	if err := sweep(ctx, l, s, strays); err != nil {
		return err
	}
	if s.ForwardingWasOff {
		if err := restoreForwarding(log); err != nil {
			return err
		}
	}
	return state{Phase: stopped}.save(l)
}

// restoreForwarding switches forwarding off again, unless another engine lives on it.
func restoreForwarding(log *steps.Log) error {
	others, err := host.Find(func(argv []string) bool { return filepath.Base(argv[0]) == "dockerd" })
	if err != nil {
		return err
	}
	if len(others) > 0 {
		log.Notef("forwarding of packets stays on for another engine (process %d)", others[0].PID)
		return nil
	}
	return stopForwarding()
}

// removeNodes removes the containers of all kind clusters, and the networks then unused.
func removeNodes(ctx context.Context, l layout, log *steps.Log) error {
	ctx, cancel := context.WithTimeout(ctx, nodesLimit)
	defer cancel()
	docker := l.cli()
	listed, err := docker.Output(ctx, "ps", "--all", "--quiet", "--filter", "label="+nodeLabel)
	if err != nil {
		return err
	}
	if ids := strings.Fields(listed); len(ids) > 0 {
		log.Notef("removing %d node containers: clusters do not outlive their engine", len(ids))
		if _, err = docker.Output(ctx, append([]string{"rm", "--force", "--volumes"}, ids...)...); err != nil {
			return err
		}
	}
	_, err = docker.Output(ctx, "network", "prune", "--force")
	return err
}

package dockerd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/dsconform/dsconform/clusters/engine/host"
	"github.com/dsconform/dsconform/clusters/steps"
)

// endGrace is what the daemon may take to end with its containers: more than
// shutdownSeconds, which it grants them.
const endGrace = (shutdownSeconds + 25) * time.Second

// heal brings the folder into the state a clean end leaves, if it is not.
func heal(ctx context.Context, l layout, s state, log *steps.Log) error {
	if err := healPolicy(policyFile); err != nil {
		return err
	}
	strays, err := host.Find(l.owns)
	if err != nil {
		return err
	}
	if (s.Phase == "" || s.Phase == stopped) && len(strays) == 0 {
		return nil
	}
	log.Notef("the private engine in %s did not end cleanly: putting in order what it left", l.dir)
	if err := sweep(ctx, l, s, strays); err != nil {
		return err
	}
	if err := disarm(l); err != nil {
		log.Notef("%v", err) // they will be removed all the same, a little later
	}
	return nil
}

// owns tells from a command line whether the process is the daemon of this
// folder or one of the helpers it starts, which all name files of the folder.
func (l layout) owns(argv []string) bool {
	switch name := filepath.Base(argv[0]); {
	case name == "dockerd", name == "containerd", name == "runc", strings.HasPrefix(name, "containerd-shim"):
	case filepath.Dir(argv[0]) == l.bin():
	default:
		return false
	}
	for _, a := range argv[1:] {
		if _, value, ok := strings.Cut(a, "="); ok && strings.HasPrefix(a, "-") {
			a = value
		}
		if strings.HasPrefix(a, l.dir+"/") {
			return true
		}
	}
	return false
}

// sweep ends the processes and takes away everything outside the data root.
// It needs no daemon that answers, nor one that runs.
func sweep(ctx context.Context, l layout, s state, strays []host.Process) error {
	if err := endAll(ctx, s, strays); err != nil {
		return err
	}
	if s.CgroupParent != "" {
		if err := host.EndCgroup(ctx, s.CgroupParent); err != nil {
			return err
		}
	}
	if err := host.UnmountUnder(l.dir); err != nil {
		return err
	}
	if err := closeOutbound(ctx, l.tag()); err != nil {
		return fmt.Errorf("remove the private engine's packet filter rules: %w", err)
	}
	if err := removeBridges(l); err != nil {
		return err
	}
	for _, path := range []string{l.exec(), l.pidFile(), l.socket(), l.notify()} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove what the private engine needed while it ran: %w", err)
		}
	}
	return nil
}

// endAll ends the daemon, which takes its helpers with it, then the helpers
// that are left with the containers below them.
func endAll(ctx context.Context, s state, strays []host.Process) error {
	if err := s.Daemon.End(ctx, endGrace); err != nil {
		return err
	}
	var inits []host.Process // listed first, as an orphan's origin cannot be told
	for _, p := range strays {
		children, err := p.Children()
		if err != nil {
			return err
		}
		inits = append(inits, children...)
	}
	for _, p := range strays {
		if err := p.End(ctx, endGrace); err != nil {
			return err
		}
	}
	for _, p := range inits {
		if err := p.Kill(ctx); err != nil {
			return err
		}
	}
	return nil
}

// bridgeName is what Docker calls the bridge of a network made without a name for it.
var bridgeName = regexp.MustCompile(`^br-[0-9a-f]{12}$`)

// removeBridges deletes those bridges on the machine that the daemon's own
// record of networks names. The daemon makes them anew if it starts again.
func removeBridges(l layout) error {
	record, err := os.ReadFile(l.networks())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the private engine's record of networks: %w", err)
	}
	return host.RemoveBridges(func(name string) bool {
		return bridgeName.MatchString(name) && bytes.Contains(record, []byte(name))
	})
}

package dockerd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/dsconform/dsconform/clusters/engine/host"
)

// phase is how far a daemon's life had come when the state was written.
type phase string

const (
	// starting is written before anything is done; found without its starter, it means a start that broke off.
	starting phase = "starting"
	// running is written when the daemon has proven to work.
	running phase = "running"
	// stopped is written when nothing of the daemon is left but its data.
	stopped phase = "stopped"
)

// state is what later processes know of the daemon.
type state struct {
	Phase phase `json:"phase"`
	// Daemon is the process, empty until there is one.
	Daemon host.Process `json:"daemon,omitzero"`
	// CgroupParent is the cgroup all containers are below; empty where systemd manages them.
	CgroupParent string `json:"cgroupParent,omitempty"`
	// ForwardingWasOff notes that the daemon switched on IPv4 forwarding.
	ForwardingWasOff bool `json:"forwardingWasOff,omitempty"`
	// Changed is when the state was written.
	Changed time.Time `json:"changed"`
}

// errUnreadable marks a state file that is there but tells nothing.
var errUnreadable = errors.New("the state file is damaged")

// loadState gives the zero state where there is none.
func loadState(l layout) (state, error) {
	b, err := os.ReadFile(l.state())
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, nil
	}
	if err != nil {
		return state{}, fmt.Errorf("read the private engine's state: %w", err)
	}
	var s state
	if err := json.Unmarshal(b, &s); err != nil {
		return state{}, fmt.Errorf("%s: %w: %w", l.state(), errUnreadable, err)
	}
	switch s.Phase {
	case starting, running, stopped:
		return s, nil
	default:
		return state{}, fmt.Errorf("%s: %w: unknown phase %q", l.state(), errUnreadable, s.Phase)
	}
}

// save writes the state in one move and onto the disk, so that a reset of the
// machine leaves the old or the new state.
func (s state) save(l layout) error {
	s.Changed = time.Now().UTC().Truncate(time.Second)
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the private engine's state: %w", err)
	}
	if err := replaceFile(l.state(), append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the private engine's state: %w", err)
	}
	return nil
}

func replaceFile(path string, content []byte, mode fs.FileMode) (err error) {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

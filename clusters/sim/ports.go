package sim

import (
	"context"
	"fmt"
	"os"

	"github.com/dsconform/dsconform/clusters/internal/record"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
)

// portsLock is held, by one cluster at a time, from the look at the ports the
// others have until its own are written. The locks of a cluster end in a dot
// and a word, so that none is called like it.
const portsLock = "ports"

// picker picks ports that are not taken.
type picker func(ctx context.Context, taken map[int]bool) (controlplane.Ports, error)

// takePorts picks a new cluster's ports and writes its first state. Its
// components listen only seconds later: until then nothing but the state keeps
// another cluster, made at the same time, from picking the same. They are its
// own until the state goes with the cluster's folder.
func (s store) takePorts(ctx context.Context, st *state, pick picker) error {
	unlock, err := record.Lock(ctx, s.dir, portsLock, true)
	if err != nil {
		return err
	}
	defer unlock()
	taken, err := s.othersPorts()
	if err != nil {
		return err
	}
	if st.Ports, err = pick(ctx, taken); err != nil {
		return err
	}
	return s.write(*st)
}

// othersPorts are the ports of all other clusters, also of those that are not
// of use: one that ended keeps its ports until it is deleted.
func (s store) othersPorts() (map[int]bool, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("listing the simulated clusters: %w", err)
	}
	taken := map[int]bool{}
	for _, e := range entries {
		if e.Name() == s.name {
			continue
		}
		st, err := store{dir: s.dir, name: e.Name()}.read()
		if err != nil {
			// It is no cluster, is being deleted, or is another version's: a state
			// that cannot be read must not keep a cluster from being made.
			continue
		}
		for _, port := range st.Ports.All() {
			taken[port] = true
		}
	}
	return taken, nil
}

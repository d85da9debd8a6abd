package sim

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dsconform/dsconform/clusters/internal/record"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
)

// lowest picks the lowest ports that are not taken, where the true picker draws:
// without a reservation all clusters would have the same.
func lowest(_ context.Context, taken map[int]bool) (controlplane.Ports, error) {
	next := 0
	free := func() int {
		for next++; taken[next]; next++ {
		}
		return next
	}
	return controlplane.Ports{EtcdClient: free(), EtcdPeer: free(), APIServer: free(), ControllerManager: free(), Scheduler: free()}, nil
}

func TestClustersMadeAtTheSameTimeHaveOtherPorts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			s := store{dir: dir, name: fmt.Sprintf("c%d", i)}
			if err := s.takePorts(t.Context(), &state{Phase: phaseCreating}, lowest); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	owner := map[int]string{}
	for _, name := range entries(t, dir) {
		st, err := store{dir: dir, name: name}.read()
		if err != nil {
			t.Fatal(err)
		}
		for _, port := range st.Ports.All() {
			if owner[port] != "" {
				t.Errorf("port %d is that of %s and of %s", port, owner[port], name)
			}
			owner[port] = name
		}
	}
	if want := 8 * len(controlplane.Ports{}.All()); len(owner) != want {
		t.Errorf("%d ports are recorded, want %d", len(owner), want)
	}
}

func TestPortsAreTakenByOneAtATime(t *testing.T) {
	t.Parallel()
	o := Options{Name: "c", StateDir: t.TempDir()}
	o, err := o.complete()
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := record.Lock(t.Context(), o.StateDir, portsLock, true)
	if err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err = o.cluster().lay(limited, o, &state{}); err == nil || !strings.Contains(err.Error(), "another process holds") {
		t.Errorf("while another cluster takes its ports: %v", err)
	}
	if left := entries(t, o.StateDir); len(left) > 0 {
		t.Errorf("%v is written", left)
	}
	unlock()
	c, st := o.cluster(), state{}
	if err = c.lay(t.Context(), o, &st); err != nil {
		t.Fatal(err)
	}
	if written, err := c.store.read(); err != nil || written.Ports != c.plan.Ports || c.plan.Ports.APIServer == 0 {
		t.Errorf("the state has %+v, %v; the components %+v", written.Ports, err, c.plan.Ports)
	}
}

func TestPortsAreTakenUntilTheClusterIsDeleted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ports := func(first int) controlplane.Ports {
		return controlplane.Ports{EtcdClient: first, EtcdPeer: first + 1, APIServer: first + 2, ControllerManager: first + 3, Scheduler: first + 4}
	}
	write := func(name string, p phase, first int) store {
		s := store{dir: dir, name: name}
		if err := s.write(state{Phase: p, Ports: ports(first)}); err != nil {
			t.Fatal(err)
		}
		return s
	}
	write("making", phaseCreating, 1)
	deleted := write("dead", phaseReady, 6)
	write("failed", phaseFailed, 11)
	unreadable := write("unreadable", phaseReady, 16)
	if err := os.WriteFile(unreadable.file(), []byte(`{"version":99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	take := func(want controlplane.Ports) {
		t.Helper()
		s, st := store{dir: dir, name: "c"}, state{Phase: phaseCreating}
		if err := s.takePorts(t.Context(), &st, lowest); err != nil || st.Ports != want {
			t.Errorf("took %+v, %v; want %+v", st.Ports, err, want)
		}
		if written, err := s.read(); err != nil || written.Ports != want {
			t.Errorf("wrote %+v, %v; want %+v", written.Ports, err, want)
		}
	}
	take(ports(16))
	take(ports(16)) // its own of before are no other cluster's
	if err := os.RemoveAll(deleted.folder()); err != nil {
		t.Fatal(err)
	}
	take(ports(6))
}

package sim

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dsconform/dsconform/internal/exit"
)

// entries are the names in a folder that are not hidden.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestAComponentThatEndsAtItsStart(t *testing.T) {
	t.Parallel()
	o := Options{
		Name: "c", Workers: 1, StateDir: t.TempDir(), Attached: true,
		BinariesDir: fakePrograms(t, map[string]string{"etcd": `echo '{"level":"fatal","msg":"no disk"}' >&2; echo bye; exit 7`}),
	}
	_, err := Create(t.Context(), o)
	if exit.Of(err) != exit.Environment {
		t.Fatalf("class %d: %v", exit.Of(err), err)
	}
	for _, want := range []string{"making simulated cluster c", "etcd ended at its start (exit status 7)", "no disk", "the logs are in "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
	if left := entries(t, o.StateDir); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
	logs, err := filepath.Glob(filepath.Join(o.StateDir, ".logs", "c-*", "etcd.log"))
	if err != nil || len(logs) != 1 {
		t.Errorf("logs %v, %v", logs, err)
	}
}

func TestACancelledMakingLeavesNothing(t *testing.T) {
	t.Parallel()
	o := Options{Name: "c", Workers: 1, StateDir: t.TempDir(), BinariesDir: fakePrograms(t, nil)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	stopped, stop := context.WithCancel(t.Context())
	defer stop()
	context.AfterFunc(ctx, stop)
	_, err := Create(stopped, o)
	if err == nil || !strings.Contains(err.Error(), "cancelled") {
		t.Errorf("got %v", err)
	}
	if left := entries(t, o.StateDir); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

func TestAStateThatAKilledProcessLeft(t *testing.T) {
	t.Parallel()
	o := Options{Name: "c", StateDir: t.TempDir()}
	o, err := o.complete()
	if err != nil {
		t.Fatal(err)
	}
	c := o.cluster()
	if err = c.store.write(state{Phase: phaseReady, Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	infos, err := List(t.Context(), o)
	if err != nil || len(infos) != 1 || infos[0].Phase != "dead" {
		t.Errorf("listed %+v, %v", infos, err)
	}
	if _, err := Open(t.Context(), "c", func(p *Options) { p.StateDir = o.StateDir }); exit.Of(err) != exit.Environment {
		t.Errorf("opening it: %v", err)
	}
	if err := c.makeRoom(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := entries(t, o.StateDir); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

func TestClustersThatAreNotThere(t *testing.T) {
	t.Parallel()
	o := Options{Name: "c", StateDir: t.TempDir()}
	if infos, err := List(t.Context(), Options{StateDir: filepath.Join(o.StateDir, "none")}); err != nil || len(infos) > 0 {
		t.Errorf("listed %v, %v", infos, err)
	}
	other := store{dir: o.StateDir, name: "other"}
	if err := other.write(state{Phase: phaseReady}); err != nil {
		t.Fatal(err)
	}
	_, opened := Open(t.Context(), "c", func(p *Options) { p.StateDir = o.StateDir })
	for what, err := range map[string]error{"opening": opened, "deleting": Delete(t.Context(), o)} {
		if !errors.Is(err, ErrNotFound) || exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), "there are: other") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

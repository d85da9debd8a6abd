package dockerd

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dsconform/dsconform/clusters/engine/host"
	"github.com/dsconform/dsconform/internal/exit"
)

func testLayout(t *testing.T) layout {
	t.Helper()
	return layout{dir: t.TempDir()}
}

func TestStateRoundTrip(t *testing.T) {
	l := testLayout(t)
	if s, err := loadState(l); err != nil || s != (state{}) {
		t.Errorf("without a file: %+v, %v; want the zero state", s, err)
	}
	want := state{
		Phase: running, Daemon: host.Process{PID: 7, Start: 1 << 60, Boot: "b"},
		CgroupParent: "/x", ForwardingWasOff: true,
	}
	if err := want.save(l); err != nil {
		t.Fatal(err)
	}
	got, err := loadState(l)
	if err != nil || got.Changed.IsZero() {
		t.Fatalf("%+v, %v", got, err)
	}
	got.Changed = time.Time{}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestStateDamaged(t *testing.T) {
	for name, content := range map[string]string{
		"cut off":       `{"phase":"runn`,
		"empty":         ``,
		"unknown phase": `{"phase":"flying"}`,
		"no phase":      `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			l := testLayout(t)
			if err := os.WriteFile(l.state(), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := loadState(l); !errors.Is(err, errUnreadable) || !strings.Contains(err.Error(), l.state()) {
				t.Errorf("want errUnreadable with the file's name, got %v", err)
			}
			if _, err := Open(t.Context(), l.dir); exit.Of(err) != exit.Environment {
				t.Errorf("Open: want class Environment, got %v", err)
			}
		})
	}
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	me, err := host.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	gone := me
	gone.Start++
	for name, tc := range map[string]struct {
		state *state
		want  string
	}{
		"never started": {nil, "no private engine has been started"},
		"stopped":       {&state{Phase: stopped}, "is not running"},
		"broken off":    {&state{Phase: starting, Daemon: me}, "is not running"},
		"process gone":  {&state{Phase: running, Daemon: gone}, "is not running"},
		"no answer":     {&state{Phase: running, Daemon: me}, "ask the private engine"},
	} {
		t.Run(name, func(t *testing.T) {
			l := testLayout(t)
			if tc.state != nil {
				if err := tc.state.save(l); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Open(t.Context(), l.dir)
			if exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), l.dir) {
				t.Errorf("want one of class Environment with %q and the folder, got %v", tc.want, err)
			}
		})
	}
}

func TestNewLayoutRefusesLongPaths(t *testing.T) {
	const room = maxSocketPath - len("/exec/containerd/containerd.sock.ttrpc")
	if _, err := newLayout("/" + strings.Repeat("x", room-1)); err != nil {
		t.Errorf("the longest possible path: %v", err)
	}
	_, err := newLayout("/" + strings.Repeat("x", room))
	if exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), "at most") {
		t.Errorf("want class Usage with the limit, got %v", err)
	}
}

func TestTagsDiffer(t *testing.T) {
	if (layout{dir: "/a"}).tag() == (layout{dir: "/b"}).tag() {
		t.Error("two engines would remove each other's rules")
	}
}

func TestLooksOurs(t *testing.T) {
	if ours, err := looksOurs(filepath.Join(t.TempDir(), "none")); ours || err != nil {
		t.Errorf("missing folder: %v, %v", ours, err)
	}
	if ours, err := looksOurs(t.TempDir()); ours || err != nil {
		t.Errorf("empty folder: %v, %v", ours, err)
	}
	l := testLayout(t)
	if err := (state{Phase: stopped}).save(l); err != nil {
		t.Fatal(err)
	}
	if ours, err := looksOurs(l.dir); !ours || err != nil {
		t.Errorf("our folder: %v, %v", ours, err)
	}
}

func TestRemoveSparesForeignFolders(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(precious, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Remove(t.Context(), dir, nil); exit.Of(err) != exit.Usage {
		t.Errorf("want class Usage, got %v", err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Errorf("the folder was touched: %v", err)
	}
}

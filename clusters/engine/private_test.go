package engine

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dsconform/dsconform/clusters/engine/dockerd"
	"github.com/dsconform/dsconform/clusters/engine/host"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// The tests in this file start real daemons. They need root on Debian or
// Ubuntu, and are asked for by this variable.
const integration = "DSCONFORM_ENGINE_TEST"

func privateDir(t *testing.T) string {
	t.Helper()
	if os.Getenv(integration) == "" {
		t.Skip("starts real daemons; set " + integration + "=1")
	}
	dir, err := os.MkdirTemp("", "dsc") //nolint:usetesting // the long names of t.TempDir leave no room for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Remove(context.WithoutCancel(t.Context()), dir, steps.New(t.Output())); err != nil {
			t.Errorf("remove the engine: %v", err)
		}
		_ = os.Remove(dir)
		assertNothingLeft(t, dir)
	})
	return dir
}

func start(t *testing.T, dir string) *Engine {
	t.Helper()
	e, err := Find(t.Context(), Options{Private: true, StateDir: dir, Log: steps.New(t.Output())})
	if err != nil {
		t.Fatal(err)
	}
	if !e.Private() || e.Runtime() != Docker || e.Host() != "unix://"+dir+"/docker.sock" {
		t.Fatalf("got %s, runtime %s, host %s", e, e.Runtime(), e.Host())
	}
	return e
}

// daemon is the process in the engine's state file.
func daemon(t *testing.T, dir string) host.Process {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "engine.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s struct{ Daemon host.Process }
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s.Daemon
}

// assertNothingLeft looks for all that a private engine has outside its data:
// processes, mounts, packet filter rules, cgroups.
func assertNothingLeft(t *testing.T, dir string) {
	t.Helper()
	left, err := host.Find(func(argv []string) bool {
		return slices.ContainsFunc(argv, func(a string) bool { return strings.HasPrefix(a, dir+"/") })
	})
	if err != nil || len(left) > 0 {
		t.Errorf("processes left: %v, %v", left, err)
	}
	if mounts, err := host.MountsUnder(dir); err != nil || len(mounts) > 0 {
		t.Errorf("mounts left: %v, %v", mounts, err)
	}
	if rules, err := exec.CommandContext(t.Context(), "iptables-save").Output(); err == nil {
		for line := range strings.Lines(string(rules)) {
			if strings.Contains(line, dockerd.Tag(dir)) {
				t.Errorf("rule left: %s", line)
			}
		}
	}
	for _, pattern := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/*/"} {
		if dirs, err := filepath.Glob(pattern + dockerd.Tag(dir)); err != nil || len(dirs) > 0 {
			t.Errorf("cgroups left: %v, %v", dirs, err)
		}
	}
}

// asNode makes a container that looks like a node of a kind cluster, from the
// probe's own program: it lives until it is killed.
// It returns the path that tells of its network's bridge.
func asNode(t *testing.T, e *Engine) (bridge string) {
	t.Helper()
	id, err := e.Output(t.Context(), "network", "create", "nodes")
	if err != nil {
		t.Fatal(err)
	}
	archive := busyArchive(t)
	if _, err := e.Output(t.Context(), "import", archive, "localhost/busy:1"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Output(t.Context(), "run", "--detach", "--privileged", "--restart=on-failure:1", "--network=nodes",
		"--label=io.x-k8s.kind.cluster=c", "--name=c-worker", "--publish=127.0.0.1::80", "localhost/busy:1", "/sleep", "600"); err != nil {
		t.Fatal(err)
	}
	bridge = "/sys/class/net/br-" + id[:12]
	if _, err := os.Stat(bridge); err != nil {
		t.Fatal(err)
	}
	return bridge
}

// TestLife takes a private engine through all it may meet.
func TestLife(t *testing.T) {
	dir := privateDir(t)
	e := start(t, dir)
	first := daemon(t, dir)
	again := start(t, dir)
	if now := daemon(t, dir); now != first || again.Host() != e.Host() {
		t.Errorf("a second start made another daemon: %v, then %v", first, now)
	}
	opened, err := Open(t.Context(), dir)
	if err != nil || opened.Host() != e.Host() {
		t.Fatalf("open: %v, %v", opened, err)
	}
	bridge := asNode(t, e)
	if status := nodeStatus(t, e); status != "running" {
		t.Fatalf("the node is %s", status)
	}

	t.Log("the daemon is killed; containers and mounts stay behind")
	if err := syscall.Kill(first.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := first.Kill(t.Context()); err != nil { // returns when it is gone
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), "is not running") {
		t.Errorf("open of a killed engine: %v", err)
	}
	e = start(t, dir)
	if status := nodeStatus(t, e); status != "" {
		t.Errorf("the node of a broken-off engine is still there, %s", status)
	}
	if _, err := os.Stat(bridge); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the bridge of a broken-off engine is still there: %v", err)
	}
	if _, err := e.Output(t.Context(), "image", "inspect", "localhost/busy:1"); err != nil {
		t.Errorf("the image is gone: %v", err)
	}

	t.Log("the engine is stopped with a node on it")
	if _, err := e.Output(t.Context(), "image", "rm", "localhost/busy:1"); err != nil {
		t.Error(err)
	}
	bridge = asNode(t, e)
	if err := e.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(bridge); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the bridge of a stopped engine is still there: %v", err)
	}
	assertNothingLeft(t, dir)
	if err := e.Stop(t.Context()); err != nil {
		t.Errorf("stopping a stopped engine: %v", err)
	}
	if _, err := Open(t.Context(), dir); exit.Of(err) != exit.Environment {
		t.Errorf("open of a stopped engine: %v", err)
	}

	t.Log("after a reset of the machine, the pid file names a process of somebody else's")
	pid := []byte("1\n")
	state := `{"phase":"running","daemon":{"pid":1,"startTicks":5,"bootID":"an earlier one"}}`
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "dockerd.pid"), pid, 0o600),
		os.WriteFile(filepath.Join(dir, "engine.json"), []byte(state), 0o600)); err != nil {
		t.Fatal(err)
	}
	e = start(t, dir)
	if err := Remove(t.Context(), dir, steps.New(t.Output())); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
	if _, err := e.Output(t.Context(), "version"); err == nil {
		t.Error("the engine still answers")
	}
}

// TestOneDaemonForTwoStarters has two starts at once on one folder.
func TestOneDaemonForTwoStarters(t *testing.T) {
	dir := privateDir(t)
	errs := make(chan error, 2)
	for range cap(errs) {
		go func() {
			_, err := Find(t.Context(), Options{Private: true, StateDir: dir, Log: steps.New(t.Output())})
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	daemons, err := host.Find(func(argv []string) bool {
		return filepath.Base(argv[0]) == "dockerd" && slices.Contains(argv, filepath.Join(dir, "daemon.json"))
	})
	if err != nil || len(daemons) != 1 {
		t.Errorf("daemons: %v, %v; want one", daemons, err)
	}
}

// TestBrokenOffStartLeavesNothing breaks starts off at ever later moments.
func TestBrokenOffStartLeavesNothing(t *testing.T) {
	dir := privateDir(t)
	brokenOff := 0
	for patience := 20 * time.Millisecond; ; patience = patience * 3 / 2 {
		reason := errors.New("Ctrl-C")
		ctx, cancel := context.WithTimeoutCause(t.Context(), patience, reason)
		e, err := Find(ctx, Options{Private: true, StateDir: dir, Log: steps.New(t.Output())})
		cancel()
		if err == nil {
			t.Logf("%d starts broken off, done after %s", brokenOff, patience)
			if _, err = e.Output(t.Context(), "version"); err != nil {
				t.Error(err)
			}
			break
		}
		brokenOff++
		if code := exit.Of(err); code != exit.Environment {
			t.Errorf("after %s: class %d: %v", patience, code, err)
		}
		assertNothingLeft(t, dir)
	}
	if brokenOff == 0 {
		t.Error("no start was broken off")
	}
}

func nodeStatus(t *testing.T, e *Engine) string {
	t.Helper()
	out, err := e.Output(t.Context(), "ps", "--all", "--filter", "name=c-worker", "--format", "{{.State}}")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// busyArchive packs the system's sleep and what it is linked with.
func busyArchive(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "busy.tar")
	out, err := exec.CommandContext(t.Context(), "sh", "-c",
		`tar --create --dereference --file "$0" --transform 's,^bin/sleep,sleep,' --directory / bin/sleep $(ldd /bin/sleep | grep -o '/[^ ]*' | cut -c2-)`, path).CombinedOutput()
	if err != nil {
		t.Skipf("pack a program: %v: %s", err, out)
	}
	return path
}

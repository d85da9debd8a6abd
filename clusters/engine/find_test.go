package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dsconform/dsconform/clusters/engine/cli"
	"github.com/dsconform/dsconform/clusters/engine/probe"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// TestMain lets the test binary play the roles that any program starting
// private engines has to play.
func TestMain(m *testing.M) {
	if code, ran := MaybeRunWrapper(os.Args); ran {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// tools makes a PATH of the given programs, as shell scripts, and nothing else of an engine's.
func tools(t *testing.T, scripts map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("KIND_EXPERIMENTAL_PROVIDER", "")
	t.Setenv("DOCKER_HOST", "")
}

const deadDocker = `case "$1" in -v) echo "Docker version 28.2.2";; *) echo "Cannot connect to the Docker daemon at $DOCKER_HOST." >&2; exit 1;; esac`

func TestFindTellsAllThatWasTried(t *testing.T) {
	tools(t, map[string]string{
		"docker": deadDocker,
		"podman": `echo "podman version 4.3.1"; [ "$1" = -v ] || { echo broken >&2; exit 125; }`,
	})
	t.Setenv("DOCKER_HOST", "unix:///dead.sock")
	begin := time.Now()
	_, err := Find(t.Context(), Options{System: true})
	if exit.Of(err) != exit.Environment {
		t.Fatalf("want class Environment, got %v", err)
	}
	for _, part := range []string{"docker at unix:///dead.sock: does not answer", "Cannot connect", "podman: does not answer", "broken", "nerdctl: not installed", "private engine: not asked for", "--private-engine"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in: %v", part, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %v", err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestFindKnowsPodmanInDisguise(t *testing.T) {
	tools(t, map[string]string{"docker": `echo "podman version 4.3.1"`})
	_, err := Find(t.Context(), Options{})
	if err == nil || !strings.Contains(err.Error(), "docker: its command line is another program's") {
		t.Errorf("got %v", err)
	}
}

func TestFindRefusesAnEngineThatFailsTheProbe(t *testing.T) {
	for name, tc := range map[string]struct{ run, want string }{
		"not privileged": {`echo "operation not permitted" >&2; exit 1`, "operation not permitted"},
		"no word":        {`echo fine`, "without its word"},
	} {
		t.Run(name, func(t *testing.T) {
			tools(t, map[string]string{"docker": `case "$1" in
				-v) echo "Docker version 28.2.2";; version) echo 28.2.2;; info) echo "ID 1 2";;
				load) /bin/cat >/dev/null;; run) ` + tc.run + `;; esac`})
			var out strings.Builder
			_, err := Find(t.Context(), Options{System: true, Log: steps.New(&out)})
			if exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), "cannot run privileged containers") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v; shown:\n%s", err, out.String())
			}
			if entries, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "dsconform", "proven-engines", "*")); err != nil || len(entries) > 0 {
				t.Errorf("remembered as proven: %v, %v", entries, err)
			}
		})
	}
}

func TestFindTakesAndRemembersAnEngineThatPassesTheProbe(t *testing.T) {
	runs := filepath.Join(t.TempDir(), "runs")
	tools(t, map[string]string{"docker": `case "$1" in
		-v) echo "Docker version 28.2.2";; version) echo 28.2.2;; info) echo "ID 1 2";;
		load) /bin/cat >/dev/null;;
		run) echo x >> ` + runs + `; for nonce; do :; done; echo "` + probe.Word(`$nonce`) + `";; esac`})
	for range 2 {
		e, err := Find(t.Context(), Options{System: true})
		if err != nil {
			t.Fatal(err)
		}
		if e.Runtime() != Docker || e.Private() || e.Host() != "" || e.Env() != nil {
			t.Errorf("got %s, private %v, host %q, env %v", e, e.Private(), e.Host(), e.Env())
		}
	}
	b, err := os.ReadFile(runs)
	if err != nil || string(b) != "x\n" {
		t.Errorf("the probe ran as %q (%v), want once for two searches", b, err)
	}
}

func TestFindEndsWithItsContext(t *testing.T) {
	tools(t, map[string]string{"docker": deadDocker})
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the user lost patience")
	cancel(reason)
	if _, err := Find(ctx, Options{Private: true, System: true, StateDir: t.TempDir()}); !errors.Is(err, reason) {
		t.Errorf("want the reason, got %v", err)
	}
}

func TestOnly(t *testing.T) {
	if got := only(candidates(), Podman); len(got) != 1 || got[0].runtime != Podman {
		t.Errorf("told to use podman: %v", got)
	}
	for _, provider := range []string{"", "lima"} {
		if got := only(candidates(), provider); len(got) != 3 || got[0].runtime != Docker {
			t.Errorf("told %q: %v, want all, docker first", provider, got)
		}
	}
}

func TestHintFitsThePlace(t *testing.T) {
	for _, tc := range []struct {
		goos    string
		uid     int
		private bool
	}{{"linux", 0, true}, {"linux", 1000, true}, {"darwin", 0, false}} {
		if got := hint(tc.goos, tc.uid); strings.Contains(got, "--private-engine") != tc.private {
			t.Errorf("hint(%s, %d) = %q", tc.goos, tc.uid, got)
		}
	}
}

func TestApplyLeadsThisProcess(t *testing.T) {
	for _, key := range []string{"DOCKER_HOST", "DOCKER_CONTEXT"} {
		t.Setenv(key, "before")
	}
	e := &Engine{runtime: Docker, cli: cli.CLI{Name: "docker", Env: []string{"DOCKER_HOST=unix:///x", "DOCKER_CONTEXT="}}}
	if err := e.Apply(); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("DOCKER_HOST") != "unix:///x" || os.Getenv("DOCKER_CONTEXT") != "" {
		t.Errorf("DOCKER_HOST=%q DOCKER_CONTEXT=%q", os.Getenv("DOCKER_HOST"), os.Getenv("DOCKER_CONTEXT"))
	}
}

func TestStopSparesSystemEngines(t *testing.T) {
	if err := (&Engine{runtime: Docker}).Stop(t.Context()); exit.Of(err) != exit.Internal {
		t.Errorf("want class Internal, got %v", err)
	}
}

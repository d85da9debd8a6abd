package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/dsconform/dsconform/clusters/engine"
	"github.com/dsconform/dsconform/clusters/engine/host"
	"github.com/dsconform/dsconform/clusters/kind"
	"github.com/dsconform/dsconform/clusters/steps"
)

// privateEngine plays a private engine on which somebody's cluster runs, and
// gives what its command line has been asked for. That cluster keeps it from
// being stopped, for what stops one reaches into the machine: who asks for the
// clusters was about to.
func privateEngine(t *testing.T) (asked func() []string) {
	t.Helper()
	self, err := host.Identify(os.Getpid())
	if err != nil {
		t.Skipf("no private engine can be here: %v", err)
	}
	cache, bin := t.TempDir(), t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	calls := filepath.Join(bin, "calls")
	script := "#!/bin/sh\necho \"$1\" >>'" + calls + "'\necho somebodys-cluster\n"
	if err = os.WriteFile(filepath.Join(bin, "docker"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "dsconform", "engine")
	if err = os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	state, err := json.Marshal(map[string]any{"phase": "running", "daemon": self})
	if err != nil {
		t.Fatal(err)
	}
	if err = os.WriteFile(filepath.Join(dir, "engine.json"), state, 0o600); err != nil {
		t.Fatal(err)
	}
	var config net.ListenConfig
	socket, err := config.Listen(t.Context(), "unix", filepath.Join(dir, "docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go func() { _ = server.Serve(socket) }()
	t.Cleanup(func() { _ = server.Close() })
	if _, err = engine.Open(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	return func() []string {
		raw, err := os.ReadFile(calls)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return strings.Fields(string(raw))
	}
}

// A run that is cancelled once it has an engine, and has no cluster yet.
func TestEngineStopsOnce(t *testing.T) {
	asked := privateEngine(t)
	f := &runFlags{}
	f.register(pflag.NewFlagSet("", pflag.ContinueOnError))
	f.cluster.provider, f.cluster.kind.privateEngine = kind.ProviderName, true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := f.prepare(ctx, steps.Discard()); err == nil {
		t.Fatal("no error")
	}
	if got := asked(); len(got) > 0 {
		t.Errorf("an engine that this run has not found was to be stopped: docker %v", got)
	}
	f.cluster.kind.onPrivate = true
	for range 2 {
		if _, _, err := f.prepare(ctx, steps.Discard()); err == nil {
			t.Fatal("no error")
		}
		if got := asked(); len(got) != 1 || got[0] != "ps" {
			t.Errorf("the engine was to be stopped once: docker %v", got)
		}
	}
}

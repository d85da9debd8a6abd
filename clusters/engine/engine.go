package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/dsconform/dsconform/clusters/engine/cli"
	"github.com/dsconform/dsconform/clusters/engine/dockerd"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// The command lines an engine may have, by the names kind knows its providers under.
const (
	Docker  = "docker"
	Podman  = "podman"
	Nerdctl = "nerdctl"
)

// Engine is a container engine that runs privileged containers.
type Engine struct {
	runtime string
	cli     cli.CLI
	host    string
	private *dockerd.Daemon
	log     *steps.Log
}

// Runtime is Docker, Podman or Nerdctl.
func (e *Engine) Runtime() string { return e.runtime }

// Host is the value of DOCKER_HOST that leads to the engine, empty for the
// command line's own default.
func (e *Engine) Host() string { return e.host }

// Private tells whether dsconform started the engine for itself.
func (e *Engine) Private() bool { return e.private != nil }

// Env is what to add to the environment of a child process for it to use the
// engine, as KEY=value; nil where the present environment leads there.
func (e *Engine) Env() []string { return append([]string(nil), e.cli.Env...) }

// Command prepares a run of the engine's command line, which ends with ctx.
func (e *Engine) Command(ctx context.Context, args ...string) *exec.Cmd {
	return e.cli.Command(ctx, args...)
}

// Output runs the engine's command line and gives its standard output without
// surrounding white space. The error names the command and quotes its standard
// error.
func (e *Engine) Output(ctx context.Context, args ...string) (string, error) {
	return e.cli.Output(ctx, args...)
}

// Apply puts Env into this process's own environment, for the sake of
// libraries such as kind's that run the command line by themselves. It concerns
// the whole process: call it once, before anything of that kind starts.
func (e *Engine) Apply() error {
	for _, entry := range e.cli.Env {
		key, value, _ := strings.Cut(entry, "=")
		if err := os.Setenv(key, value); err != nil {
			return exit.Internalf("lead this process to the engine at %s: %w", e.host, err)
		}
	}
	return nil
}

// String names the engine for a message.
func (e *Engine) String() string {
	switch {
	case e.private != nil:
		return "private engine in " + e.private.Dir()
	case e.host != "":
		return fmt.Sprintf("%s at %s", e.runtime, e.host)
	default:
		return e.runtime
	}
}

// Stop ends a private engine and takes away all it had on the machine beside
// its data: processes, mounts, bridges, packet filter rules, cgroups. Clusters
// on it are gone; images stay for the next start. An engine that is not
// private is not ours to stop: that is an error of class Internal.
func (e *Engine) Stop(ctx context.Context) error {
	if e.private == nil {
		return exit.Internalf("%s is not a private engine: it is not for dsconform to stop", e)
	}
	return dockerd.Stop(ctx, e.private.Dir(), e.log)
}

func newPrivate(d *dockerd.Daemon, log *steps.Log) *Engine {
	return &Engine{runtime: Docker, cli: d.CLI(), host: d.Host(), private: d, log: log}
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dsconform/dsconform/clusters/engine/cli"
	"github.com/dsconform/dsconform/clusters/steps"
)

// answerLimit is what an engine may take to tell its version: a docker.socket
// of systemd starts the daemon for the first question. All are asked at once.
const answerLimit = 8 * time.Second

// candidate is an engine the system may have, and how it is recognised.
type candidate struct {
	runtime string
	// banner begins what "-v" prints, as kind recognises its providers: a
	// docker that is podman in disguise is not docker to kind.
	banner string
	// ask makes the engine itself, not only its command line, tell its version.
	ask []string
}

// candidates are in the order of preference.
func candidates() []candidate {
	return []candidate{
		{Docker, "Docker version", []string{"version", "--format", "{{.Server.Version}}"}},
		{Podman, "podman version", []string{"info", "--format", "{{.Version.Version}}"}},
		{Nerdctl, "nerdctl version", []string{"info", "--format", "{{.ServerVersion}}"}},
	}
}

// only restricts the candidates to the one that kind is told to use.
func only(all []candidate, provider string) []candidate {
	if !slices.ContainsFunc(all, func(c candidate) bool { return c.runtime == provider }) {
		return all
	}
	return slices.DeleteFunc(all, func(c candidate) bool { return c.runtime != provider })
}

// findSystem gives the first engine of the system that answers and passes the
// probe, or why each does not.
func findSystem(ctx context.Context, log *steps.Log) (e *Engine, refused []string) {
	all := only(candidates(), os.Getenv("KIND_EXPERIMENTAL_PROVIDER"))
	answers := make([]error, len(all))
	var asked sync.WaitGroup
	for i, c := range all {
		asked.Go(func() { answers[i] = c.answers(ctx) })
	}
	asked.Wait()
	for i, c := range all {
		e := &Engine{runtime: c.runtime, cli: cli.CLI{Name: c.runtime}, log: log}
		if c.runtime == Docker {
			e.host = os.Getenv("DOCKER_HOST")
		}
		err := answers[i]
		if err == nil {
			err = proveOnce(ctx, e)
		}
		if err == nil {
			return e, nil
		}
		refused = append(refused, fmt.Sprintf("%s: %v", e, err))
	}
	return nil, refused
}

var errNotInstalled = errors.New("not installed")

func (c candidate) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, answerLimit, fmt.Errorf("no answer within %s", answerLimit))
	defer cancel()
	tool := cli.CLI{Name: c.runtime}
	banner, err := tool.Output(ctx, "-v")
	if errors.Is(err, exec.ErrNotFound) {
		return errNotInstalled
	}
	if err != nil {
		return err
	}
	if !strings.HasPrefix(banner, c.banner) {
		return fmt.Errorf("its command line is another program's (%.60q)", banner)
	}
	version, err := tool.Output(ctx, c.ask...)
	if err != nil {
		return fmt.Errorf("does not answer: %w", err)
	}
	if version == "" {
		return errors.New("does not tell its version")
	}
	return nil
}

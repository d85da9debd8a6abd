package kind

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	kindcluster "sigs.k8s.io/kind/pkg/cluster"
	kindexec "sigs.k8s.io/kind/pkg/exec"
)

// library is one run of kind's library, which knows no context: it goes on
// until it is done or its containers are taken away from it.
type library struct {
	done chan struct{}
	err  error // valid once done is closed
}

// finished tells whether the run is over; no run at all is over too.
func (l *library) finished() bool {
	if l == nil {
		return true
	}
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// provision has kind make the containers and the control plane and join the
// workers. If ctx ends first it returns at once, the run still going on: scrap
// ends it.
func (m *making) provision(ctx context.Context, cfg *v1alpha4.Cluster) error {
	unlock, err := m.c.store.lockNetwork(ctx, false)
	if err != nil {
		return err
	}
	file, err := os.Create(m.c.store.kindLog())
	if err != nil {
		unlock()
		return fmt.Errorf("opening kind's log: %w", err)
	}
	logger := newStageLogger(ctx, m.c.log, file)
	provider := kindcluster.NewProvider(providerOption(m.c.engine), kindcluster.ProviderWithLogger(logger))
	lib := &library{done: make(chan struct{})}
	m.lib = lib
	go func() {
		defer close(lib.done)
		defer unlock()
		defer func() { _ = file.Close() }()
		lib.err = provider.Create(m.o.Name,
			kindcluster.CreateWithV1Alpha4Config(cfg),
			kindcluster.CreateWithRetain(true), // the logs are wanted first, and we remove more
			kindcluster.CreateWithKubeconfigPath(m.c.kubeconfig),
		)
		logger.end(lib.err)
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-lib.done:
		return wordKindError(lib.err)
	}
}

// providerOption makes kind use the engine's runtime.
func providerOption(e Engine) kindcluster.ProviderOption {
	switch e.Runtime() {
	case "podman":
		return kindcluster.ProviderWithPodman()
	case "nerdctl":
		return kindcluster.ProviderWithNerdctl("")
	default:
		return kindcluster.ProviderWithDocker()
	}
}

// kindError is an error of kind's library in one line: its own text holds the
// whole command that failed and not why.
type kindError struct {
	reason string
	err    error
}

func (e *kindError) Error() string { return e.reason }
func (e *kindError) Unwrap() error { return e.err }

func wordKindError(err error) error {
	if err == nil {
		return nil
	}
	run := kindexec.RunErrorForError(err)
	if run == nil {
		return err
	}
	if reason := tellingLine(outputOf(err)); reason != "" {
		return &kindError{reason: reason, err: err}
	}
	return &kindError{reason: fmt.Sprintf("%s: %v", firstWords(run.Command, 3), run.Inner), err: err}
}

// outputOf gives what the command that failed within kind printed.
func outputOf(err error) string {
	if run := kindexec.RunErrorForError(err); run != nil {
		var inner *kindexec.RunError
		if errors.As(run.Inner, &inner) {
			return string(inner.Output)
		}
		return string(run.Output)
	}
	return ""
}

func firstWords(words []string, n int) string {
	text := ""
	for i, w := range words {
		if i == n {
			return text + " …"
		}
		if i > 0 {
			text += " "
		}
		text += w
	}
	return text
}

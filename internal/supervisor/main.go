package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Word is the argument by which the executable is called as a supervisor. The
// argument after it is its folder; the control socket is descriptor 3.
const Word = "supervisor"

// listenerFD is the descriptor at which the control socket is inherited: it is
// listened on before the supervisor runs, so that nobody has to wait for it.
const listenerFD = 3

// IsRole tells whether the arguments, the program's name first, call for a supervisor.
func IsRole(args []string) bool { return len(args) == 3 && args[1] == Word }

// Main is the supervisor's life; it gives the exit code. args are those after Word.
func Main(ctx context.Context, args []string) int {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := run(ctx, args[0], os.NewFile(listenerFD, "control socket"), os.Stdin, log); err != nil {
		log.Error("the supervisor ends", "error", err)
		return 1
	}
	return 0
}

// run serves until it is told to shut down, gets a signal, or, if attached,
// standard input ends. No child is left when it returns.
func run(ctx context.Context, folder string, inherited, stdin *os.File, log *slog.Logger) error {
	config, err := readConfig(folder)
	if err != nil {
		return err
	}
	listener, err := net.FileListener(inherited)
	if err != nil {
		return fmt.Errorf("taking over the control socket: %w", err)
	}
	_ = inherited.Close() // the listener has a descriptor of its own
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	var once sync.Once
	over := make(chan struct{})
	end := func() { once.Do(func() { close(over) }) }
	s := &server{over: end}
	fork := newForker()
	for _, spec := range config.Components {
		s.children = append(s.children, newChild(spec, spec.log(folder), fork))
	}
	if config.Attached {
		go func() {
			_, _ = io.Copy(io.Discard, stdin) // it ends with the command, whatever was written
			log.Info("the command this belongs to is gone")
			end()
		}()
	}
	web := &http.Server{Handler: s.handler(), ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	log.Info("the supervisor runs", "folder", folder, "attached", config.Attached)
	select {
	case <-over:
	case <-ctx.Done():
	case err = <-served:
	}
	s.killAll(context.WithoutCancel(ctx))
	if config.Scrap {
		err = errors.Join(err, os.RemoveAll(folder))
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

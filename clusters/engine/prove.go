package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/dsconform/dsconform/clusters/engine/cli"
	"github.com/dsconform/dsconform/clusters/engine/probe"
	"github.com/dsconform/dsconform/internal/exit"
)

const (
	// proveLimit bounds the proof: loading an image of the size of this
	// program and one container's life. Cap: 3 min.
	proveLimit = 90 * time.Second
	// tidyLimit bounds the removal of the probe's image and container.
	tidyLimit = 30 * time.Second
)

// prove runs a privileged container on the engine and takes it away again.
// The error is of class Environment and says what the engine could not do.
func prove(ctx context.Context, e *Engine) error {
	if runtime.GOOS != "linux" {
		// The engine runs Linux in a machine of its own, for which this program is no use.
		e.log.Notef("whether %s runs privileged containers is not tried from %s", e, runtime.GOOS)
		return nil
	}
	program, err := actor(ctx, probe.Name)
	if err != nil {
		return err
	}
	return e.log.Do(ctx, "Run a privileged container", proveLimit, func(ctx context.Context) error {
		return runProbe(ctx, e, program)
	})
}

func runProbe(ctx context.Context, e *Engine, program string) error {
	nonce := newNonce()
	ref, name := "localhost/dsconform/probe:"+nonce, probe.Name+"-"+nonce
	defer func() {
		// What is left here is small and named after us; it fails no run.
		tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyLimit)
		defer cancel()
		_, _ = e.Output(tidy, "rm", "--force", name)
		_, _ = e.Output(tidy, "rmi", "--force", ref)
	}()
	if err := loadImage(ctx, e, ref, program); err != nil {
		return exit.Environmentf("load an image into %s: %w", e, err)
	}
	said, err := e.Output(ctx, "run", "--rm", "--name", name, "--privileged", "--cgroupns=private", "--network=none", ref, nonce)
	if err != nil {
		return exit.Environmentf("%s cannot run privileged containers: %w", e, err)
	}
	if !strings.Contains(said, probe.Word(nonce)) {
		return exit.Environmentf("%s cannot run privileged containers: the probe ended well without its word, with %.200q", e, said)
	}
	return nil
}

var errNoReader = errors.New("the engine reads no more")

// loadImage streams the probe's image into the engine.
func loadImage(ctx context.Context, e *Engine, ref, program string) error {
	r, w := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := probe.WriteArchive(w, ref, program)
		_ = w.CloseWithError(err)
		packed <- err
	}()
	cmd := e.Command(ctx, "load")
	cmd.Stdin = r
	_, err := cli.Run(ctx, cmd)
	_ = r.CloseWithError(errNoReader)
	if packErr := <-packed; packErr != nil && !errors.Is(packErr, errNoReader) {
		return packErr // what the engine says of half an archive is not the cause
	}
	return err
}

// newNonce is unlike any other, so that neither an old image nor an old answer is taken for ours.
func newNonce() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

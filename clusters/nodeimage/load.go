package nodeimage

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dsconform/dsconform/clusters/nodeimage/archive"
)

const (
	loadLimit   = 5 * time.Minute
	importLimit = 5 * time.Minute
)

// storeScript ends containerd and moves its store into the image.
//
//go:embed files/store.sh
var storeScript string

// load brings the base image into the engine, fills the image store of a
// container of it, and keeps that container as the node image.
func (c *composer) load(ctx context.Context, base archive.Image, images []archive.Image) error {
	base.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "container=docker"}
	base.StopSignal = "SIGRTMIN+3"
	base.Entrypoint = []string{"/usr/local/bin/entrypoint", "/sbin/init"}
	err := c.Log.Do(ctx, "load the base image", loadLimit, func(ctx context.Context) error {
		return c.pipe(ctx, base, "load", "--quiet")
	})
	if err != nil {
		return err
	}
	// The base is of no use once the node image holds its layers.
	defer c.cleanUp(ctx, "image", "rm", "--force", base.Ref)
	return c.Log.Do(ctx, "import the cluster's images", importLimit, func(ctx context.Context) error {
		if err := c.removeRemains(ctx); err != nil {
			return err
		}
		id, err := c.Engine.Output(ctx, "run", "--detach", "--entrypoint=sleep", "--network=none",
			"--privileged", "--volume=/build", "--label="+buildLabel+"="+c.key, base.Ref, "infinity")
		if err != nil {
			return fmt.Errorf("starting a container of the base image: %w", err)
		}
		defer c.cleanUp(ctx, "rm", "--force", "--volumes", id)
		if err := c.fill(ctx, id, images); err != nil {
			return err
		}
		return c.commit(ctx, id)
	})
}

// removeRemains removes the build containers of a process that was killed. The
// lock on the key is held, so none is in use.
func (c *composer) removeRemains(ctx context.Context) error {
	ids, err := c.Engine.Output(ctx, "ps", "--all", "--quiet", "--filter", "label="+buildLabel+"="+c.key)
	if err != nil {
		return fmt.Errorf("looking for the remains of an earlier attempt: %w", err)
	}
	for id := range strings.FieldsSeq(ids) {
		if _, err := c.Engine.Output(ctx, "rm", "--force", "--volumes", id); err != nil {
			return fmt.Errorf("removing the remains of an earlier attempt: %w", err)
		}
	}
	return nil
}

// buildLabel marks build containers, with the key of the image they are for.
const buildLabel = "dsconform.dev/build"

// buildRoot is where containerd works in the build container.
const buildRoot = "/build/containerd"

// fill imports images into the store of containerd in a container, unpacked.
// containerd works on a volume, because its snapshots cannot be made on the
// container's own overlay, and what it made is copied into the image afterwards.
func (c *composer) fill(ctx context.Context, id string, images []archive.Image) error {
	if _, err := c.Engine.Output(ctx, "exec", "--detach", id, "containerd", "--root="+buildRoot); err != nil {
		return fmt.Errorf("starting containerd in the build container: %w", err)
	}
	if err := c.awaitContainerd(ctx, id); err != nil {
		return err
	}
	for _, image := range images {
		err := c.pipe(ctx, image, "exec", "--interactive", id,
			"ctr", "--namespace=k8s.io", "images", "import", "--label=io.cri-containerd.pinned=pinned", "--snapshotter=overlayfs", "-")
		if err != nil {
			return err
		}
	}
	have, err := c.Engine.Output(ctx, "exec", id, "ctr", "--namespace=k8s.io", "images", "list", "--quiet")
	if err != nil {
		return fmt.Errorf("listing the imported images: %w", err)
	}
	for _, image := range images {
		if !strings.Contains(have+"\n", image.Ref+"\n") {
			return fmt.Errorf("containerd does not list %s after its import, only %q", image.Ref, have)
		}
	}
	if _, err := c.Engine.Output(ctx, "exec", id, "sh", "-euc", storeScript, "sh", buildRoot); err != nil {
		return fmt.Errorf("keeping the image store of the build container: %w", err)
	}
	return nil
}

// awaitContainerd returns once containerd answers in the container. The socket
// is there before it does, and nothing announces either to the outside.
func (c *composer) awaitContainerd(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("it did not answer within a minute"))
	defer cancel()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		_, err := c.Engine.Output(ctx, "exec", id, "ctr", "--connect-timeout=1s", "version")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for containerd in the build container: %w (last: %w)", context.Cause(ctx), err)
		case <-ticker.C:
		}
	}
}

// commit keeps the container as the node image, with the entry point its own
// command had taken the place of.
func (c *composer) commit(ctx context.Context, id string) error {
	_, err := c.Engine.Output(ctx, "commit",
		"--change", `ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]`,
		"--change", "CMD []",
		"--change", "LABEL "+keyLabel+"="+c.key+" "+versionLabel+"="+c.version,
		id, c.ref())
	if err != nil {
		return fmt.Errorf("keeping the build container as %s: %w", c.ref(), err)
	}
	return nil
}

// pipe writes an image's archive to the standard input of an engine command.
func (c *composer) pipe(ctx context.Context, image archive.Image, args ...string) error {
	r, w := io.Pipe()
	cmd := c.Engine.Command(ctx, args...)
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = r, &stderr
	written := make(chan error, 1)
	go func() {
		err := archive.Write(w, image)
		w.CloseWithError(err)
		written <- err
	}()
	err := cmd.Run()
	// A command that ended early must not leave the writer waiting.
	_ = r.CloseWithError(errEnded)
	if werr := <-written; werr != nil && !errors.Is(werr, errEnded) {
		return fmt.Errorf("packing %s: %w", image.Ref, werr)
	}
	if err != nil {
		return fmt.Errorf("loading %s (%s): %s: %w", image.Ref, args[0], lastLine(stderr.String()), err)
	}
	return nil
}

var errEnded = errors.New("the command that reads the archive ended")

// cleanUp removes something from the engine, also after ctx has ended.
func (c *composer) cleanUp(ctx context.Context, args ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if _, err := c.Engine.Output(ctx, args...); err != nil {
		c.Log.Notef("left behind in the engine: %v", err)
	}
}

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
	// Also what a killed process left: the lock on the key is held, so nobody
	// else uses these names.
	if err := c.tidy(ctx, base.Ref); err != nil {
		return fmt.Errorf("removing the remains of an earlier attempt: %w", err)
	}
	// The base is of no use once the node image holds its layers.
	defer c.tidyAfter(ctx, base.Ref)
	err := c.Log.Do(ctx, "load the base image", loadLimit, func(ctx context.Context) error {
		return c.pipe(ctx, base, "load", "--quiet")
	})
	if err != nil {
		return err
	}
	return c.Log.Do(ctx, "import the cluster's images", importLimit, func(ctx context.Context) error {
		id := c.buildName()
		if err := c.create(ctx, id, base.Ref); err != nil {
			return err
		}
		if _, err := c.output(ctx, "start", id); err != nil {
			return fmt.Errorf("starting the build container: %w", err)
		}
		if err := c.fill(ctx, id, images); err != nil {
			return err
		}
		return c.commit(ctx, id)
	})
}

// create makes the build container. It is not stopped half-way: the engine would
// go on, and the container would be there only after it was looked for to be
// removed.
func (c *composer) create(ctx context.Context, id, base string) error {
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	_, err := c.output(whole, "create", "--name="+id, "--entrypoint=sleep", "--network=none",
		"--privileged", "--volume=/build", base, "infinity")
	if err != nil {
		return fmt.Errorf("making a container of the base image: %w", err)
	}
	return nil
}

// buildName names the build container. It carries no label: the node image, and
// with it every node, would inherit that.
func (c *composer) buildName() string { return "dsconform-build-" + c.key }

// tidy removes the build container and the base image, where they are there.
func (c *composer) tidy(ctx context.Context, base string) error {
	for _, kind := range []struct{ find, remove []string }{
		{[]string{"ps", "--all", "--quiet", "--filter", "name=" + c.buildName()}, []string{"rm", "--force", "--volumes"}},
		{[]string{"image", "ls", "--quiet", "--filter", "reference=" + base}, []string{"image", "rm", "--force"}},
	} {
		found, err := c.output(ctx, kind.find...)
		if err != nil {
			return err
		}
		for name := range strings.FieldsSeq(found) {
			if kind.remove[0] == "image" {
				name = base // by its name: the node image is made of the same layers
			}
			if _, err := c.output(ctx, append(kind.remove, name)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// tidyAfter tidies also after ctx has ended.
func (c *composer) tidyAfter(ctx context.Context, base string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := c.tidy(ctx, base); err != nil {
		c.Log.Notef("left behind in the engine: %v", err)
	}
}

// buildRoot is where containerd works in the build container.
const buildRoot = "/build/containerd"

// fill imports images into the store of containerd in a container, unpacked.
// containerd works on a volume, because its snapshots cannot be made on the
// container's own overlay, and what it made is copied into the image afterwards.
func (c *composer) fill(ctx context.Context, id string, images []archive.Image) error {
	if _, err := c.output(ctx, "exec", "--detach", id, "containerd", "--root="+buildRoot); err != nil {
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
	have, err := c.output(ctx, "exec", id, "ctr", "--namespace=k8s.io", "images", "list", "--quiet")
	if err != nil {
		return fmt.Errorf("listing the imported images: %w", err)
	}
	for _, image := range images {
		if !strings.Contains(have+"\n", image.Ref+"\n") {
			return fmt.Errorf("containerd does not list %s after its import, only %q", image.Ref, have)
		}
	}
	if _, err := c.output(ctx, "exec", id, "sh", "-euc", storeScript, "sh", buildRoot); err != nil {
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
		_, err := c.output(ctx, "exec", id, "ctr", "--connect-timeout=1s", "version")
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
	_, err := c.output(ctx, "commit",
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
	if ctx.Err() != nil {
		return fmt.Errorf("loading %s was stopped: %w", image.Ref, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("loading %s (%s): %s: %w", image.Ref, args[0], lastLine(stderr.String()), err)
	}
	return nil
}

// output calls the engine. A call that was stopped says so: the error of a
// killed program does not.
func (c *composer) output(ctx context.Context, args ...string) (string, error) {
	out, err := c.Engine.Output(ctx, args...)
	if err != nil && ctx.Err() != nil {
		return "", fmt.Errorf("the engine's %s was stopped: %w", args[0], ctx.Err())
	}
	return out, err
}

var errEnded = errors.New("the command that reads the archive ended")

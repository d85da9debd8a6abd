package rootfs

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// dropped tells whether a node does without an entry of the root file system:
// what package managers leave, what docker mounts itself, and the units kind's
// base image removes because they have no place in a container.
func dropped(name string) bool {
	under := func(dirs ...string) bool {
		return slices.ContainsFunc(dirs, func(d string) bool { return strings.HasPrefix(name, d+"/") })
	}
	if under("dev", "proc", "sys", "run", "tmp", "var/cache", "var/lib/apt", "var/lib/dpkg/info", "var/log") {
		return true
	}
	name = strings.TrimPrefix(name, "usr/")
	const units = "lib/systemd/system/"
	switch {
	case name == units+"sysinit.target.wants/systemd-tmpfiles-setup.service":
		return true
	case under(units+"multi-user.target.wants", units+"local-fs.target.wants", units+"basic.target.wants"):
		return true
	case strings.HasPrefix(name, "etc/systemd/system/") && strings.Contains(name, ".wants/"):
		return true
	case strings.HasPrefix(name, units+"sockets.target.wants/"):
		return strings.Contains(name, "udev") || strings.Contains(name, "initctl")
	}
	return false
}

// trim copies the archive from to to without what a node does without.
func trim(ctx context.Context, from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("opening the root file system: %w", err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("making the trimmed root file system: %w", err)
	}
	buffered := bufio.NewWriterSize(out, 1<<20)
	if err := errors.Join(copyTar(ctx, in, buffered), buffered.Flush(), out.Close()); err != nil {
		return fmt.Errorf("trimming the root file system: %w", err)
	}
	return nil
}

// copyTar copies an archive without what is dropped.
func copyTar(ctx context.Context, in io.Reader, out io.Writer) error {
	tr, tw := tar.NewReader(in), tar.NewWriter(out)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name := clean(h.Name)
		if name == "" || dropped(name) {
			continue
		}
		if h.Name = name; h.Typeflag == tar.TypeDir {
			h.Name += "/"
		}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		if _, err := io.Copy(tw, tr); err != nil {
			return err
		}
	}
	return tw.Close()
}

package kind

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"

	"github.com/dsconform/dsconform/internal/exit"
)

// LoadImageArchive implements clusters.ImageLoader for docker and OCI archives,
// gzipped or not. A copy is kept, by content, for nodes that join later. It is
// bound by Timeouts.LoadImage.
func (c *Cluster) LoadImageArchive(ctx context.Context, path string) error {
	if err := checkArchive(path); err != nil {
		return err
	}
	ctx, cancel := bound(ctx, c.timeouts.LoadImage)
	defer cancel()
	kept, err := c.keepArchive(ctx, path)
	if err != nil {
		return exit.Environmentf("loading %s into cluster %s: %w", path, c.name, err)
	}
	// A node that joins now either is in this list or finds the archive in the
	// state, which was written before.
	names, err := c.Nodes(ctx)
	if err != nil {
		return err
	}
	work, inner := errgroup.WithContext(ctx)
	for _, name := range names {
		work.Go(func() error {
			i, err := c.containers.inspect(inner, name)
			if errors.Is(err, errNoContainer) {
				return nil // it has just left
			}
			if err != nil {
				return err
			}
			// It may be a node that is only just starting.
			if err := c.containers.awaitBoot(inner, name, i.State.StartedAt); err != nil {
				return err
			}
			return c.loadArchiveOn(inner, name, kept)
		})
	}
	if err := work.Wait(); err != nil {
		return exit.Environmentf("loading %s into cluster %s: %w", path, c.name, err)
	}
	return nil
}

// LoadImage loads an image the container engine holds onto all nodes, and onto those that join later.
func (c *Cluster) LoadImage(ctx context.Context, ref string) error {
	dir, err := os.MkdirTemp("", "dsconform-image-")
	if err != nil {
		return exit.Environmentf("saving image %s: %w", ref, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	archive := filepath.Join(dir, "image.tar")
	save, cancel := bound(ctx, c.timeouts.LoadImage)
	defer cancel()
	if err := c.containers.run(save, nil, nil, "save", "--output", archive, ref); err != nil {
		return exit.Environmentf("saving image %s: %w", ref, err)
	}
	return c.LoadImageArchive(ctx, archive)
}

// checkArchive refuses what is no image archive before it goes to any node.
func checkArchive(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return exit.Usagef("the image archive cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	buffered := bufio.NewReader(f)
	source := io.Reader(buffered)
	if magic, err := buffered.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		if source, err = gzip.NewReader(buffered); err != nil {
			return exit.Usagef("%s is no image archive: %w", path, err)
		}
	}
	files := tar.NewReader(source)
	for {
		h, err := files.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("it holds neither manifest.json nor index.json")
			}
			return exit.Usagef("%s is no docker or OCI image archive: %w", path, err)
		}
		if h.Name == "manifest.json" || h.Name == "index.json" {
			return nil
		}
	}
}

// keepArchive copies the archive into the cluster's state and gives the copy's path.
func (c *Cluster) keepArchive(ctx context.Context, path string) (string, error) {
	if err := os.MkdirAll(c.store.images(), 0o755); err != nil {
		return "", err
	}
	temp, err := os.CreateTemp(c.store.images(), ".new-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	source, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = source.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(temp, sum), source); err != nil {
		return "", err
	}
	if err := temp.Close(); err != nil {
		return "", err
	}
	name := hex.EncodeToString(sum.Sum(nil))[:32] + ".tar"
	kept := filepath.Join(c.store.images(), name)
	if err := os.Rename(temp.Name(), kept); err != nil {
		return "", err
	}
	return kept, c.store.update(ctx, func(st *state) error {
		if !slices.Contains(st.Archives, name) {
			st.Archives = append(st.Archives, name)
		}
		return nil
	})
}

// loadArchivesOn loads all archives the cluster was given so far onto one node.
func (c *Cluster) loadArchivesOn(ctx context.Context, name string) error {
	st, err := c.store.read()
	if err != nil {
		return err
	}
	for _, a := range st.Archives {
		if err := c.loadArchiveOn(ctx, name, filepath.Join(c.store.images(), a)); err != nil {
			return err
		}
	}
	return nil
}

// loadArchiveOn loads one archive onto one node.
func (c *Cluster) loadArchiveOn(ctx context.Context, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := nodeutils.LoadImageArchive(node{ctx: ctx, c: c.containers, name: name}, f); err != nil {
		return fmt.Errorf("loading an image archive onto node %s: %w", name, wordKindError(err))
	}
	return nil
}

// imageEnv is the environment the node image itself gives a container.
func (c *Cluster) imageEnv(ctx context.Context) ([]string, error) {
	out, err := c.containers.output(ctx, "image", "inspect", "--format", "{{json .Config.Env}}", c.image)
	if err != nil {
		return nil, fmt.Errorf("reading the node image: %w", err)
	}
	var env []string
	if err := json.Unmarshal([]byte(out), &env); err != nil {
		return nil, fmt.Errorf("reading the environment of node image %s: %w", c.image, err)
	}
	return env, nil
}

func copyFile(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, raw, 0o600)
}

package nodeimage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/nodeimage/archive"
	"github.com/dsconform/dsconform/clusters/nodeimage/rootfs"
	"github.com/dsconform/dsconform/internal/exit"
)

const (
	// kindModule and kindModuleVersion are the kind release whose files the base
	// image is made of: the one this module requires, which a test compares.
	kindModule        = "sigs.k8s.io/kind"
	kindModuleVersion = "v0.33.0"
	// schema is raised by hand when images made by this package differ from
	// earlier ones in a way the other parts of the key do not show.
	schema = 1

	rootfsLimit = 15 * time.Minute
	packLimit   = 5 * time.Minute
)

// composer composes one node image.
type composer struct {
	Options
	version string
	dir     string
	builder *binaries.Builder

	// Set by prepare.
	need       needs
	programs   []binaries.Program
	kindDir    string
	key        string
	routesRef  string
	rootfsName string
}

func newComposer(o Options) (*composer, error) {
	b, err := binaries.New(binaries.Options{CacheDir: o.CacheDir, Log: o.Log})
	if err != nil {
		return nil, err
	}
	return &composer{Options: o, version: o.Version, dir: filepath.Join(o.CacheDir, "images"), builder: b}, nil
}

// ref is the name of the composed image. prepare must have run.
func (c *composer) ref() string { return repository + ":" + c.version + "-" + c.key[:12] }

// prepare works out what the image is made of, and from that its key. With
// build it builds Kubernetes if that is what it takes, see needs.
func (c *composer) prepare(ctx context.Context, build bool) error {
	if c.key != "" {
		return nil
	}
	if err := c.builder.CheckKubernetes(ctx, c.version); err != nil {
		return err
	}
	var err error
	if c.need, err = c.needs(ctx, build); err != nil {
		return err
	}
	if c.programs, err = programs(c.version, c.need); err != nil {
		return err
	}
	keys, err := c.builder.Keys(ctx, c.programs...)
	if err != nil {
		return err
	}
	if c.kindDir, err = c.builder.ModuleDir(ctx, kindModule, kindModuleVersion); err != nil {
		return err
	}
	c.routesRef = routesImage(keys["noderoutes"][:12])
	c.rootfsName = rootfs.Name(digest, runtime.GOARCH)
	files, err := kindFiles(c.kindDir, c.version, c.need.Images.Pause)
	if err != nil {
		return err
	}
	// A program stands in the key by its own key, not by where it is kept.
	c.key = digest(map[string]any{
		"schema": schema, "arch": runtime.GOARCH, "version": c.version, "programs": keys, "images": c.need.Images,
		"rootfs":     c.rootfsName,
		"runtime":    runtimeFiles(files, c.version, keys),
		"kubernetes": kubernetesFiles(c.version, c.routesRef, keys),
		"scripts":    []string{iptablesWrapper, storeScript},
	})
	return nil
}

// compose makes the image and loads it into the engine.
func (c *composer) compose(ctx context.Context) error {
	c.Log.Notef("node image: composing one for Kubernetes %s from the Go module proxy and Debian packages", c.version)
	if err := ensureTools(ctx, c.Options); err != nil {
		return err
	}
	if err := c.prepare(ctx, true); err != nil {
		return err
	}
	unlock, err := binaries.Lock(ctx, filepath.Join(c.dir, "locks", c.key), func() {
		c.Log.Notef("another process composes %s: waiting for it", c.ref())
	})
	if err != nil {
		return err
	}
	defer unlock()
	if _, err = inspect(ctx, c.Engine, c.ref()); !errors.Is(err, errNoImage) {
		return err
	}
	bin, err := c.builder.Build(ctx, c.programs...)
	if err != nil {
		return err
	}
	root, err := c.root(ctx)
	if err != nil {
		return err
	}
	base := archive.Image{Ref: repository + "-base:" + c.key[:12]}
	var images []archive.Image
	err = c.Log.Do(ctx, "pack images", packLimit, func(ctx context.Context) error {
		if base.Layers, err = c.baseLayers(ctx, root, bin); err != nil {
			return err
		}
		images, err = c.clusterImages(root, bin)
		return err
	})
	if err != nil {
		return err
	}
	return c.load(ctx, base, images)
}

// root gives the root file system, made once and kept. A lock of its own lets
// two versions of Kubernetes share it.
func (c *composer) root(ctx context.Context) (string, error) {
	path := filepath.Join(c.dir, c.rootfsName)
	unlock, err := binaries.Lock(ctx, filepath.Join(c.dir, "locks", c.rootfsName), func() {
		c.Log.Notef("another process makes the root file system: waiting for it")
	})
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("looking for the root file system: %w", err)
	}
	return path, c.Log.Do(ctx, "make the root file system from Debian packages", rootfsLimit, func(ctx context.Context) error {
		if err := rootfs.Build(ctx, path, archive.Epoch()); err != nil {
			if ctx.Err() != nil {
				return err
			}
			return exit.Environmentf("%w: check that Debian packages can be fetched", err)
		}
		return nil
	})
}

func (c *composer) baseLayers(ctx context.Context, root string, bin map[string]string) ([]*archive.Layer, error) {
	spec, err := baseSpec(ctx, bin["ctr"])
	if err != nil {
		return nil, err
	}
	files, err := kindFiles(c.kindDir, c.version, c.need.Images.Pause)
	if err != nil {
		return nil, err
	}
	runtime := append(runtimeFiles(files, c.version, bin), archive.File{Path: "etc/containerd/cri-base.json", Content: spec})
	return []*archive.Layer{
		archive.Tar(root), archive.Files(runtime...), archive.Files(kubernetesFiles(c.version, c.routesRef, bin)...),
	}, nil
}

// clusterImages declares the images of the node's store, see clusterImages.
func (c *composer) clusterImages(root string, bin map[string]string) ([]archive.Image, error) {
	index, err := rootfs.Open(root)
	if err != nil {
		return nil, err
	}
	defer func() { _ = index.Close() }()
	tables, err := tablesLayer(index)
	if err != nil {
		return nil, err
	}
	return clusterImages(c.need.Images, c.routesRef, bin, tables), nil
}

// digest gives the key of a value, see binaries.Digest.
func digest(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return binaries.Digest(text)
}

package archive

import (
	"fmt"
	"io"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Image is a container image.
type Image struct {
	// Ref is the name and tag it is known by.
	Ref string
	// Layers are its layers, lowest first.
	Layers []*Layer
	// Entrypoint and Cmd are what a container of it runs.
	Entrypoint, Cmd []string
	// Env are its environment variables as NAME=value. Default: a PATH with the
	// usual folders, for manifests that name a program without its folder.
	Env []string
	// User is the user, or user:group, it runs as. Default: root.
	User string
	// StopSignal ends a container of it. Default: SIGTERM.
	StopSignal string
	// Labels are its labels.
	Labels map[string]string
	// Arch is the Go name of its architecture. Default: this machine's.
	Arch string
}

// defaultPath is the PATH of an image that sets no environment.
const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func (i Image) build() (name.Tag, v1.Image, error) {
	tag, err := name.NewTag(i.Ref)
	if err != nil {
		return tag, nil, fmt.Errorf("the image name %q: %w", i.Ref, err)
	}
	var layers []v1.Layer
	for _, l := range i.Layers {
		layers = append(layers, l)
	}
	img, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		return tag, nil, fmt.Errorf("packing the layers of %s: %w", i.Ref, err)
	}
	cfg, err := img.ConfigFile()
	if err != nil {
		return tag, nil, fmt.Errorf("describing %s: %w", i.Ref, err)
	}
	cfg = cfg.DeepCopy()
	cfg.OS, cfg.Architecture = "linux", i.Arch
	if cfg.Architecture == "" {
		cfg.Architecture = runtime.GOARCH
	}
	cfg.Created = v1.Time{Time: Epoch()}
	env := i.Env
	if env == nil {
		env = []string{defaultPath}
	}
	cfg.Config = v1.Config{
		Entrypoint: i.Entrypoint, Cmd: i.Cmd, Env: env, User: i.User, StopSignal: i.StopSignal, Labels: i.Labels,
	}
	img, err = mutate.ConfigFile(img, cfg)
	if err != nil {
		return tag, nil, fmt.Errorf("describing %s: %w", i.Ref, err)
	}
	return tag, img, nil
}

// Write writes the image as an archive.
func Write(w io.Writer, image Image) error {
	tag, img, err := image.build()
	if err != nil {
		return err
	}
	if err := tarball.Write(tag, img, w); err != nil {
		return fmt.Errorf("writing the archive of %s: %w", image.Ref, err)
	}
	return nil
}

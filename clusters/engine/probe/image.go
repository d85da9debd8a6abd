package probe

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// inside is where the program lies in the image. Its name is what makes the
// program play the probe's part.
const inside = "/" + Name

// Name is the program's name inside the container.
const Name = "dsconform-probe"

// WriteArchive writes a docker-archive with one image, tagged ref, that holds
// the given ELF program and the libraries it is linked with, if any, and runs
// it as Name.
func WriteArchive(w io.Writer, ref, program string) error {
	tag, err := name.NewTag(ref)
	if err != nil {
		return fmt.Errorf("name the probe image: %w", err)
	}
	libraries, err := linkedWith(program)
	if err != nil {
		return fmt.Errorf("find the libraries of %s: %w", program, err)
	}
	layer, err := layerOf(program, libraries)
	if err != nil {
		return fmt.Errorf("pack the probe image: %w", err)
	}
	image, err := withLayer(static.NewLayer(layer, types.DockerUncompressedLayer))
	if err != nil {
		return fmt.Errorf("pack the probe image: %w", err)
	}
	if err := tarball.Write(tag, image, w); err != nil {
		return fmt.Errorf("write the probe image: %w", err)
	}
	return nil
}

func withLayer(layer v1.Layer) (v1.Image, error) {
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config.Entrypoint = []string{inside}
	return mutate.ConfigFile(image, config)
}

func layerOf(program string, libraries []string) ([]byte, error) {
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	if err := addFile(tw, inside, program); err != nil {
		return nil, err
	}
	for _, path := range libraries {
		if err := addFile(tw, path, path); err != nil {
			return nil, err
		}
	}
	if err := tw.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func addFile(tw *tar.Writer, at, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h := &tar.Header{Name: strings.TrimPrefix(at, "/"), Mode: 0o755, Size: info.Size(), Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0)}
	if err = tw.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(tw, f)
	return err
}

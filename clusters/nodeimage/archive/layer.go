package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Layer is one layer of an image. It is stored uncompressed: images made here
// are loaded on the machine that made them, where decompressing costs more
// than reading. The same Layer may stand in several images.
type Layer struct {
	write func(io.Writer) error

	once   sync.Once
	digest v1.Hash
	size   int64
	err    error
}

// Files makes a Layer of files. They are read when the image is written.
func Files(files ...File) *Layer {
	return &Layer{write: func(w io.Writer) error { return writeTar(w, files) }}
}

// Tar makes a Layer of a tar archive on this machine, as it is.
func Tar(path string) *Layer {
	return &Layer{write: func(w io.Writer) error {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("opening a layer: %w", err)
		}
		defer func() { _ = f.Close() }()
		if _, err := io.Copy(w, f); err != nil {
			return fmt.Errorf("reading the layer %s: %w", path, err)
		}
		return nil
	}}
}

var _ v1.Layer = (*Layer)(nil)

func (l *Layer) measure() error {
	l.once.Do(func() {
		sum := sha256.New()
		var n counter
		if l.err = l.write(io.MultiWriter(sum, &n)); l.err != nil {
			return
		}
		l.digest = v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}
		l.size = int64(n)
	})
	return l.err
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// Digest implements v1.Layer.
func (l *Layer) Digest() (v1.Hash, error) {
	err := l.measure()
	return l.digest, err
}

// DiffID implements v1.Layer. Without compression it equals the digest.
func (l *Layer) DiffID() (v1.Hash, error) { return l.Digest() }

// Size implements v1.Layer; the unit is bytes.
func (l *Layer) Size() (int64, error) {
	err := l.measure()
	return l.size, err
}

// MediaType implements v1.Layer.
func (l *Layer) MediaType() (types.MediaType, error) { return types.DockerUncompressedLayer, nil }

// Compressed implements v1.Layer: the stored form, which is not compressed.
func (l *Layer) Compressed() (io.ReadCloser, error) { return l.Uncompressed() }

// Uncompressed implements v1.Layer.
func (l *Layer) Uncompressed() (io.ReadCloser, error) {
	r, w := io.Pipe()
	go func() { w.CloseWithError(l.write(w)) }()
	return r, nil
}

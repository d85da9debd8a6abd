package nodeimage

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/defaults"

	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/internal/exit"
)

// errNoImage is the error of inspect for an image the engine does not have.
var errNoImage = errors.New("it is not in the engine")

// inspect finds an image in the engine.
func inspect(ctx context.Context, e Engine, ref string) (Image, error) {
	// Listing does not fail for an image that is not there, so that case needs
	// no guess from the text of an error, which differs between engines.
	id, err := e.Output(ctx, "image", "ls", "--no-trunc", "--quiet", "--filter", "reference="+withoutDigest(ref))
	if err != nil {
		if ctx.Err() != nil {
			return Image{}, fmt.Errorf("looking for the image %s: %w", ref, context.Cause(ctx))
		}
		return Image{}, exit.Environmentf("looking for the image %s: %w", ref, err)
	}
	if id == "" {
		return Image{}, errNoImage
	}
	if digest, err := e.Output(ctx, "image", "inspect", "--format", "{{.Id}}", ref); err == nil {
		return Image{Ref: ref, Digest: digest}, nil
	} else if ctx.Err() != nil {
		return Image{}, fmt.Errorf("looking for the image %s: %w", ref, context.Cause(ctx))
	}
	return Image{}, errNoImage
}

// withoutDigest gives a reference as the engine's filter takes it.
func withoutDigest(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	return ref
}

// versionOf reads the Kubernetes version of a node image, which kind too reads
// from this file.
func versionOf(ctx context.Context, e Engine, ref string) (string, error) {
	// Not stopped half-way: what is made must be known, to be removed.
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	id, err := e.Output(whole, "create", ref, "true")
	if err != nil {
		return "", fmt.Errorf("opening it: %w", err)
	}
	defer func() { _, _ = e.Output(whole, "rm", "--force", "--volumes", id) }()
	var out bytes.Buffer
	cmd := e.Command(ctx, "cp", id+":/kind/version", "-")
	cmd.Stdout = &out
	if err = cmd.Run(); err != nil {
		return "", fmt.Errorf("it has no /kind/version: %w", err)
	}
	tr := tar.NewReader(&out)
	if _, err = tr.Next(); err != nil {
		return "", fmt.Errorf("reading its /kind/version: %w", err)
	}
	text, err := io.ReadAll(tr)
	if err != nil {
		return "", fmt.Errorf("reading its /kind/version: %w", err)
	}
	version, err := binaries.NormalizeKubernetes(strings.TrimSpace(string(text)))
	if err != nil {
		return "", fmt.Errorf("its /kind/version: %w", err)
	}
	return version, nil
}

// kindVersion gives the Kubernetes version of kind's own default image.
func kindVersion() string {
	ref := withoutDigest(defaults.Image)
	return ref[strings.LastIndex(ref, ":")+1:]
}

// kindImage gives kind's own image for a version, if it is that of this kind.
func kindImage(version string) (string, bool) { return defaults.Image, kindVersion() == version }

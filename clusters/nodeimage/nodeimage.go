package nodeimage

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/steps"
)

// Engine is the container engine images are looked for in and made with;
// *engine.Engine is one.
type Engine interface {
	// Command prepares a call of the engine's command line.
	Command(ctx context.Context, args ...string) *exec.Cmd
	// Output runs one and gives its trimmed standard output; its error quotes
	// standard error.
	Output(ctx context.Context, args ...string) (string, error)
}

// Options say which node image is wanted and what may be done to get it.
type Options struct {
	// Engine is where the image must be in the end. Required.
	Engine Engine
	// Image is an image the user names. It is used or the call fails.
	Image string
	// Version is the Kubernetes version. Default: binaries.DefaultKubernetes.
	// Ignored with Image.
	Version string
	// Compose allows the image to be composed on this machine, which takes some
	// 15 minutes the first time and some seconds after that.
	Compose bool
	// InstallPackages allows missing Debian packages to be installed for that.
	InstallPackages bool
	// Pull allows images to be pulled from a registry.
	Pull bool
	// PullLimit bounds each pull. A registry that cannot be reached often does
	// not refuse, it says nothing. Default: 15 s to learn that the image is
	// there, and 10 minutes to get it.
	PullLimit time.Duration
	// Log shows what is done. Default: nothing is shown.
	Log *steps.Log
	// CacheDir is dsconform's cache. Default: dsconform in the user's cache
	// folder.
	CacheDir string
}

// Where an Image came from.
const (
	// SourceNamed is an image named by the user.
	SourceNamed = "named"
	// SourceLocal is an image composed earlier.
	SourceLocal = "local"
	// SourceKind is kind's own image for the version.
	SourceKind = "kind"
	// SourceComposed is an image composed now.
	SourceComposed = "composed"
)

// Image is a node image that is in the engine.
type Image struct {
	// Ref is the name the engine knows it by.
	Ref string `json:"ref"`
	// Digest is the engine's own digest of it.
	Digest string `json:"digest"`
	// Version is the Kubernetes version in it, with its v.
	Version string `json:"version"`
	// Source tells where it came from: one of the Source constants.
	Source string `json:"source"`
}

const (
	// keyLabel carries the content key of a composed image.
	keyLabel = "dsconform.dev/key"
	// versionLabel carries its Kubernetes version.
	versionLabel = "dsconform.dev/kubernetes"
	// repository is the name of composed images.
	repository = "dsconform/node"
)

// complete fills in the defaults.
func (o Options) complete() (Options, error) {
	if o.Engine == nil {
		return o, fmt.Errorf("no container engine was given")
	}
	if o.Log == nil {
		o.Log = steps.Discard()
	}
	if o.CacheDir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return o, fmt.Errorf("finding the user's cache folder: %w", err)
		}
		o.CacheDir = filepath.Join(base, "dsconform")
	}
	if o.Image == "" {
		version, err := binaries.NormalizeKubernetes(o.Version)
		if err != nil {
			return o, err
		}
		o.Version = version
	}
	return o, nil
}

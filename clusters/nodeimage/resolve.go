package nodeimage

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dsconform/dsconform/internal/exit"
)

// Resolve gets a node image into the engine and tells which. It tries, in this
// order: the image the user named; an image composed earlier from the same
// parts; kind's own image, if it has one of the version wanted; composing one.
// Every attempt that did not do is told in one line.
//
// Errors: class Usage for a Kubernetes version that does not exist, class
// Environment where no source has an image.
func Resolve(ctx context.Context, o Options) (Image, error) {
	img, err := resolve(ctx, o)
	if err != nil && ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return Image{}, fmt.Errorf("getting a node image was stopped: %w", context.Cause(ctx))
	}
	return img, err
}

func resolve(ctx context.Context, o Options) (Image, error) {
	o, err := o.complete()
	if err != nil {
		return Image{}, err
	}
	if o.Image != "" {
		return named(ctx, o)
	}
	c, err := newComposer(o)
	if err != nil {
		return Image{}, err
	}
	r := &resolution{Options: o, composer: c}
	for _, attempt := range []func(context.Context) (Image, error){r.local, r.kind, r.composed} {
		img, err := attempt(ctx)
		if err == nil {
			return img, nil
		}
		var next *notHere
		if !errors.As(err, &next) {
			return Image{}, err
		}
		o.Log.Notef("node image: %s", next.reason)
		r.tried = append(r.tried, next.reason)
	}
	return Image{}, exit.Environmentf("no node image for Kubernetes %s: %s", o.Version, strings.Join(r.tried, "; "))
}

type resolution struct {
	Options
	composer *composer
	tried    []string
	// final is why the parts of an image cannot be worked out, if installing
	// tools would not change that: a build that failed is not tried twice.
	final error
}

// notHere says why a source has no image, so that the next is tried. Any other
// error ends the search.
type notHere struct{ reason string }

func (e *notHere) Error() string { return e.reason }

func elsewhere(format string, args ...any) error {
	return &notHere{reason: fmt.Sprintf(format, args...)}
}

// named gives the image the user asked for.
func named(ctx context.Context, o Options) (Image, error) {
	img, err := inspect(ctx, o.Engine, o.Image)
	if errors.Is(err, errNoImage) && o.Pull {
		if err = pull(ctx, o, o.Image); err == nil {
			img, err = inspect(ctx, o.Engine, o.Image)
		}
	}
	if ctx.Err() != nil {
		return Image{}, fmt.Errorf("getting the node image %s: %w", o.Image, context.Cause(ctx))
	}
	if err != nil {
		hint := ""
		if !o.Pull {
			hint = " (pulling is not allowed)"
		}
		return Image{}, exit.Environmentf("the node image %s cannot be used: %w%s: load it into the engine, or leave the choice to dsconform", o.Image, err, hint)
	}
	if img.Version, err = versionOf(ctx, o.Engine, o.Image); err != nil {
		return Image{}, exit.Environmentf("the image %s is not a kind node image: %w", o.Image, err)
	}
	img.Source = SourceNamed
	return img, nil
}

// local looks for an image composed earlier from what would be used now.
func (r *resolution) local(ctx context.Context) (Image, error) {
	if !r.Compose {
		return r.anyLocal(ctx)
	}
	// Building comes last: kind's own image may do, and takes a minute.
	if err := r.composer.prepare(ctx, false); errors.Is(err, errNotBuilt) {
		return Image{}, elsewhere("none made of the same parts: Kubernetes %s was never built here", r.Version)
	} else if err != nil {
		return r.unprepared(ctx, err)
	}
	img, err := inspect(ctx, r.Engine, r.composer.ref())
	if errors.Is(err, errNoImage) {
		return Image{}, elsewhere("none in the engine made of the same parts (%s)", r.composer.ref())
	}
	if err != nil {
		return Image{}, err
	}
	img.Version, img.Source = r.Version, SourceLocal
	return img, nil
}

// unprepared decides what follows when the parts of an image cannot be worked
// out. Without the Go command, a compiler or the proxy, an image composed
// earlier for the version still does. A version the proxy does not have may be
// the one kind has an image of; any other does not exist.
func (r *resolution) unprepared(ctx context.Context, cause error) (Image, error) {
	if ctx.Err() != nil {
		return Image{}, cause
	}
	if _, ofKind := kindImage(r.Version); exit.Of(cause) == exit.Usage && !ofKind {
		return Image{}, cause
	}
	if len(missingTools(ctx)) == 0 {
		r.final = cause
	}
	img, err := r.anyLocal(ctx)
	if err == nil {
		r.Log.Notef("node image: taking %s as it is: %v", img.Ref, cause)
		return img, nil
	}
	var next *notHere
	if errors.As(err, &next) {
		return Image{}, elsewhere("%s, and %v", next.reason, cause)
	}
	return Image{}, err
}

// anyLocal takes any image composed for the version: the newest, which the
// engine lists first.
func (r *resolution) anyLocal(ctx context.Context) (Image, error) {
	out, err := r.Engine.Output(ctx, "image", "ls", "--filter", "label="+versionLabel+"="+r.Version, "--format", "{{.Repository}}:{{.Tag}}")
	if err != nil {
		return Image{}, exit.Environmentf("listing the engine's images: %w", err)
	}
	for ref := range strings.FieldsSeq(out) {
		if !strings.Contains(ref, repository+":") {
			continue
		}
		img, err := inspect(ctx, r.Engine, ref)
		if err != nil {
			return Image{}, err
		}
		img.Version, img.Source = r.Version, SourceLocal
		return img, nil
	}
	return Image{}, elsewhere("none composed for %s in the engine", r.Version)
}

// kind takes kind's own image, which exists for some versions only.
func (r *resolution) kind(ctx context.Context) (Image, error) {
	ref, ok := kindImage(r.Version)
	if !ok {
		return Image{}, elsewhere("kind's own is %s, not %s", kindVersion(), r.Version)
	}
	img, err := inspect(ctx, r.Engine, ref)
	if errors.Is(err, errNoImage) {
		if !r.Pull {
			return Image{}, elsewhere("kind's own is not in the engine, and pulling is not allowed")
		}
		if err = pull(ctx, r.Options, ref); err != nil {
			if ctx.Err() != nil {
				return Image{}, err
			}
			return Image{}, elsewhere("kind's own could not be pulled: %v", err)
		}
		img, err = inspect(ctx, r.Engine, ref)
	}
	if err != nil {
		return Image{}, err
	}
	img.Version, img.Source = r.Version, SourceKind
	return img, nil
}

// composed makes the image.
func (r *resolution) composed(ctx context.Context) (Image, error) {
	if !r.Compose {
		return Image{}, elsewhere("composing one is not allowed")
	}
	if r.final != nil {
		return Image{}, r.final
	}
	if err := r.composer.compose(ctx); err != nil {
		return Image{}, err
	}
	img, err := inspect(ctx, r.Engine, r.composer.ref())
	if err != nil {
		return Image{}, err
	}
	img.Version, img.Source = r.Version, SourceComposed
	return img, nil
}

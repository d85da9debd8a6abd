package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/fixtures"
	"github.com/dsconform/dsconform/fixtures/images"
	"github.com/dsconform/dsconform/internal/exit"
)

// programs builds what the fixtures' images hold.
type programs struct{ builder *binaries.Builder }

// Build implements images.Builder.
func (p programs) Build(ctx context.Context, want images.Program) (string, error) {
	var declared []binaries.Program
	switch {
	case len(want.Source) > 0:
		declared = []binaries.Program{{Name: want.Name, Source: want.Source, Require: want.Modules}}
	case want.Name == "node_exporter":
		declared = binaries.NodeExporter()
	case want.Name == "metrics-server":
		declared = binaries.MetricsServer()
	default:
		return "", fmt.Errorf("nobody knows how to build %s", want.Name)
	}
	for _, d := range declared {
		if d.Name == want.Name && (want.Version == "" || d.Version == want.Version) {
			paths, err := p.builder.Build(ctx, d)
			return paths[d.Name], err
		}
	}
	return "", fmt.Errorf("%s is known, but not in version %s", want.Name, want.Version)
}

// imageMap chooses the image for each name, and makes the archives of those
// that are ours if something is to run them. It needs no cluster, so that it can
// be done beside the making of one.
func imageMap(ctx context.Context, mode string, run bool, log *steps.Log) (fixtures.ImageMap, []images.Archive, error) {
	parsed, err := fixtures.ParseMode(mode)
	if err != nil {
		return fixtures.ImageMap{}, nil, err
	}
	m, err := images.Available(ctx, parsed, images.Registry, log)
	if err != nil {
		return m, nil, exit.Environmentf("ask for the upstream images: %w", err)
	}
	if !run {
		return m, nil, nil
	}
	builder, err := binaries.New(binaries.Options{Log: log})
	if err != nil {
		return m, nil, exit.Environmentf("%w", err)
	}
	archives, err := images.Build(ctx, images.Options{Builder: programs{builder}, Refs: fixtures.Images(m), Log: log})
	if err != nil {
		return m, nil, environment(err)
	}
	return m, archives, nil
}

// environment gives an error of no class the class Environment.
func environment(err error) error {
	if exit.Of(err) != exit.Internal {
		return err
	}
	return exit.Environmentf("%w", err)
}

// load puts the archives on the cluster's nodes.
func (t *target) load(ctx context.Context, archives []images.Archive, log *steps.Log) error {
	if len(archives) == 0 {
		return nil
	}
	loader, ok := t.cluster.(clusters.ImageLoader)
	if !ok {
		log.Notef("images cannot be loaded onto this cluster: its nodes must have them already, or run with --images=upstream")
		return nil
	}
	for _, a := range archives {
		name := "loading " + strings.Join(a.Refs, ", ")
		if err := log.Do(ctx, name, 0, func(ctx context.Context) error { return loader.LoadImageArchive(ctx, a.Path) }); err != nil {
			return environment(err)
		}
	}
	return nil
}

// checkManifest decodes a manifest of the user's strictly.
func checkManifest(path string) error {
	_, err := fixtures.ParseFile(path)
	return err
}

package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/steps"
)

// source is the program's main file, which is built in a module of its own.
//
//go:embed e2e/main.go
var source string

// ignored keeps the file out of this module.
const ignored = "//go:build ignore\n"

// program declares the program of the specs.
func program(version string) (binaries.Program, error) {
	text, ok := strings.CutPrefix(source, ignored)
	if !ok {
		return binaries.Program{}, fmt.Errorf("e2e/main.go does not begin with %q", ignored)
	}
	p := binaries.Kubernetes(version, "e2e")[0]
	p.Package, p.Source = "", map[string][]byte{"main.go": []byte(strings.TrimLeft(text, "\n"))}
	return p, nil
}

// build gives the path of the program of the specs, built if it is not in the cache.
func build(ctx context.Context, version string, out io.Writer) (string, error) {
	p, err := program(version)
	if err != nil {
		return "", err
	}
	builder, err := binaries.New(binaries.Options{Log: steps.New(out)})
	if err != nil {
		return "", err
	}
	built, err := builder.Build(ctx, p)
	if err != nil {
		return "", err
	}
	return built[p.Name], nil
}

package main

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"
)

// declared is specs.yaml.
//
//go:embed specs.yaml
var declared []byte

// selection is which of Kubernetes' specs are run.
type selection struct {
	// Focus is the expression, as --ginkgo.focus takes it, that the specs' full names match.
	Focus string `json:"focus"`
	// Specs are all of them.
	Specs []listed `json:"specs"`
}

// listed is one of Kubernetes' specs.
type listed struct {
	// Name is its text without the containers'.
	Name string `json:"name"`
	// Left is why it cannot be judged on simulated nodes; empty for one that is.
	Left string `json:"left"`
}

// readSelection reads the declaration strictly.
func readSelection(raw []byte) (selection, error) {
	var s selection
	if err := yaml.UnmarshalStrict(raw, &s); err != nil {
		return s, fmt.Errorf("specs.yaml: %w", err)
	}
	if s.Focus == "" {
		return s, errors.New("specs.yaml has no focus")
	}
	return s, nil
}

// compare holds the declaration against the specs that there are.
func (s selection) compare(names []string) error {
	var errs []error
	var known []string
	for _, l := range s.Specs {
		known = append(known, l.Name)
		if !slices.Contains(names, l.Name) {
			errs = append(errs, fmt.Errorf("specs.yaml lists %q, which is no spec any more", l.Name))
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			errs = append(errs, fmt.Errorf("specs.yaml does not list the spec %q", name))
		}
	}
	return errors.Join(errs...)
}

// judged are the names of the specs that are run.
func (s selection) judged() []string {
	var out []string
	for _, l := range s.Specs {
		if l.Left == "" {
			out = append(out, l.Name)
		}
	}
	return out
}

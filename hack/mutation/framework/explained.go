package main

import (
	"errors"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

// explanation says why mutations of one source line may live. The line is named
// by its text, so that it is found wherever it moves.
type explanation struct {
	// Package and File say where, as framework/oracle and status.go.
	Package string `json:"package"`
	File    string `json:"file"`
	// Text is the source line, without its indent.
	Text string `json:"text"`
	// Types are the mutations; all of the line where it is empty.
	Types []string `json:"types,omitempty"`
	// Reason is why no test can tell them from the right program, or need not.
	Reason string `json:"reason"`
}

func (e explanation) of(a alive) bool {
	if e.Package != a.Package || e.File != a.File || e.Text != a.Text {
		return false
	}
	for _, t := range e.Types {
		if t == a.Type {
			return true
		}
	}
	return len(e.Types) == 0
}

// explanations reads the file of them.
func explanations(path string) ([]explanation, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the explanations: %w", err)
	}
	var out []explanation
	if err = yaml.UnmarshalStrict(raw, &out); err != nil {
		return nil, fmt.Errorf("decode %s: %w", path, err)
	}
	for i, e := range out {
		if e.Package == "" || e.File == "" || e.Text == "" || e.Reason == "" {
			return nil, fmt.Errorf("%s: entry %d needs package, file, text and reason", path, i+1)
		}
	}
	return out, nil
}

// explain gives each survivor its reason; those without one, and explanations
// that explain none, are the error.
func explain(tallies []tally, all []explanation) error {
	used := make([]bool, len(all))
	var wrong []error
	looked := map[string]bool{}
	for _, t := range tallies {
		looked[t.Package] = true
		for i := range t.Alive {
			a := &t.Alive[i]
			for n, e := range all {
				if e.of(*a) {
					a.Reason, used[n] = e.Reason, true
				}
			}
			if a.Reason == "" {
				wrong = append(wrong, fmt.Errorf("no test tells it from the right program, and nobody says why: %s", a))
			}
		}
	}
	for n, e := range all {
		if looked[e.Package] && !used[n] {
			wrong = append(wrong, fmt.Errorf("nothing lives any more at %s/%s, %q: take its explanation away", e.Package, e.File, e.Text))
		}
	}
	return errors.Join(wrong...)
}

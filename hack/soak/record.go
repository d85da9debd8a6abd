package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dsconform/dsconform/reports"
)

// record is the verdict of one run, a line of docs/reliability.jsonl.
type record struct {
	// Key is the SHA-256 of the dsconform that judged.
	Key string `json:"key"`
	// Seed ordered the specs and drew the load.
	Seed int64 `json:"seed"`
	// Loops is how many busy loops ran beside it.
	Loops int `json:"loops"`
	// Started is when it began.
	Started time.Time `json:"started"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
	// Kubernetes is the version of the control plane and of the controller.
	Kubernetes string `json:"kubernetes"`
	// Passed are the specs that passed.
	Passed []string `json:"passed"`
	// Skipped counts the specs that cannot be judged on simulated nodes.
	Skipped int `json:"skipped"`
	// Wrong are the specs that did not pass.
	Wrong []wrong `json:"wrong"`
	// Error says why the run has no report; empty where it has one.
	Error string `json:"error,omitempty"`
}

// wrong is a spec that did not pass on a controller that is right.
type wrong struct {
	// Spec is its ID.
	Spec string `json:"spec"`
	// State is failed or unknown.
	State reports.State `json:"state"`
	// Reason is what it said.
	Reason string `json:"reason"`
}

// recordOf reads a run's report.
func recordOf(r *reports.Report) record {
	out := record{Kubernetes: r.Environment.KubernetesVersion, Passed: []string{}, Wrong: []wrong{}}
	for _, s := range r.Specs {
		switch s.State {
		case reports.Passed:
			out.Passed = append(out.Passed, s.ID)
		case reports.Skipped:
			out.Skipped++
		case reports.Failed, reports.Unknown:
			out.Wrong = append(out.Wrong, wrong{Spec: s.ID, State: s.State, Reason: s.Reason})
		}
	}
	return out
}

// add appends a record to the file as one line, in one write.
func add(path string, r record) (err error) {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode the verdict of a run: %w", err)
	}
	if err = os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keep the verdict of a run: %w", err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("keep the verdict of a run: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("keep the verdict of a run: %w", err)
	}
	return nil
}

// read gives the records of the file that were found with the same dsconform. A
// last line that was cut short is taken away; any other that does not decode is
// an error.
func read(path, key string) ([]record, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the earlier runs: %w", err)
	}
	if end := bytes.LastIndexByte(raw, '\n') + 1; end < len(raw) {
		raw = raw[:end]
		if err = os.Truncate(path, int64(end)); err != nil {
			return nil, fmt.Errorf("take away a line that was cut short: %w", err)
		}
	}
	var out []record
	number := 0
	for line := range bytes.Lines(raw) {
		number++
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, number, err)
		}
		if r.Key == key {
			out = append(out, r)
		}
	}
	return out, nil
}

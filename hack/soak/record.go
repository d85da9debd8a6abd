package main

import (
	"fmt"
	"time"

	"github.com/dsconform/dsconform/hack/internal/trial"
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
	// Jobs is how many such runs there were at once.
	Jobs int `json:"jobs"`
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

// counted gives the records of the file that were found with the same dsconform.
func counted(path, key string) ([]record, error) {
	all, err := trial.Lines[record](path)
	if err != nil {
		return nil, fmt.Errorf("read the earlier runs: %w", err)
	}
	var out []record
	for _, r := range all {
		if r.Key == key {
			out = append(out, r)
		}
	}
	return out, nil
}

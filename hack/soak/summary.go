package main

import (
	"maps"
	"slices"
	"time"

	"github.com/dsconform/dsconform/hack/internal/trial"
	"github.com/dsconform/dsconform/reports"
)

// summary is out/soak.json: the runs, counted.
type summary struct {
	// Key is the SHA-256 of the dsconform that judged.
	Key string `json:"key"`
	// Version is the repository's version by git.
	Version string `json:"version"`
	// Kubernetes is the version of the control plane and of the controller.
	Kubernetes string `json:"kubernetes"`
	// Machine is where it ran.
	Machine trial.Machine `json:"machine"`
	// Finished is when the last run ended.
	Finished time.Time `json:"finished"`
	// Seconds is how long all runs took together.
	Seconds float64 `json:"seconds"`
	// Wanted is how many runs were asked for, Runs how many there are.
	Wanted int `json:"wanted"`
	Runs   int `json:"runs"`
	// Clean is how many runs had no spec that failed or stayed unknown.
	Clean int `json:"clean"`
	// Sample is how many specs each run judged; 0 for the whole suite.
	Sample int `json:"sample"`
	// MaxLoops is the greatest number of busy loops beside a run.
	MaxLoops int `json:"maxLoops"`
	// MinJobs and MaxJobs are how many runs there were at once, at least and at most.
	MinJobs int `json:"minJobs"`
	MaxJobs int `json:"maxJobs"`
	// Errors are why runs have no report.
	Errors []string `json:"errors"`
	// All are the verdicts of all specs together.
	All tally `json:"all"`
	// Specs are the verdicts by spec: those that ever did not pass first, then by ID.
	Specs []tally `json:"specs"`
	// Budget is the greatest Upper of All that is let pass, as a share.
	Budget float64 `json:"budget"`
	// Over says why the budget is exceeded; empty where it is not.
	Over string `json:"over,omitempty"`
}

// tally counts the verdicts on a spec, or on all.
type tally struct {
	// Spec is its ID; empty for all.
	Spec string `json:"spec,omitempty"`
	// Judged counts the verdicts: passed, failed and unknown.
	Judged int `json:"judged"`
	// Failed counts the accusations of a controller that is right.
	Failed int `json:"failed"`
	// Unknown counts the specs that stayed without a verdict.
	Unknown int `json:"unknown"`
	// Upper is the upper 95 % bound for the share that does not pass, by Clopper and Pearson.
	Upper float64 `json:"upper"`
	// Reasons are what was said, each once.
	Reasons []string `json:"reasons,omitempty"`
}

func (t *tally) wrong() int { return t.Failed + t.Unknown }

// sum counts the records.
func sum(records []record) summary {
	out := summary{Errors: []string{}, Runs: len(records)}
	specs := map[string]*tally{}
	of := func(id string) *tally {
		if specs[id] == nil {
			specs[id] = &tally{Spec: id}
		}
		return specs[id]
	}
	for _, r := range records {
		out.Seconds += r.Seconds
		out.MaxLoops, out.MaxJobs = max(out.MaxLoops, r.Loops), max(out.MaxJobs, r.Jobs)
		if out.MinJobs == 0 || r.Jobs < out.MinJobs {
			out.MinJobs = r.Jobs
		}
		if r.Kubernetes != "" {
			out.Kubernetes = r.Kubernetes
		}
		if end := r.Started.Add(time.Duration(r.Seconds * float64(time.Second))); end.After(out.Finished) {
			out.Finished = end.UTC()
		}
		switch {
		case r.Error != "":
			out.Errors = append(out.Errors, r.Error)
		case len(r.Wrong) == 0:
			out.Clean++
		}
		for _, id := range r.Passed {
			of(id).Judged++
			out.All.Judged++
		}
		for _, w := range r.Wrong {
			for _, t := range []*tally{of(w.Spec), &out.All} {
				t.Judged++
				if w.State == reports.Failed {
					t.Failed++
				} else {
					t.Unknown++
				}
			}
			if t := of(w.Spec); !slices.Contains(t.Reasons, w.Reason) {
				t.Reasons = append(t.Reasons, w.Reason)
			}
		}
	}
	out.All.Upper = upper(out.All.wrong(), out.All.Judged)
	out.Specs = []tally{}
	for _, id := range slices.Sorted(maps.Keys(specs)) {
		t := specs[id]
		t.Upper = upper(t.wrong(), t.Judged)
		out.Specs = append(out.Specs, *t)
	}
	slices.SortStableFunc(out.Specs, func(a, b tally) int { return b.wrong() - a.wrong() })
	return out
}

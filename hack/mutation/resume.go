package main

import (
	"errors"
	"io/fs"

	"github.com/dsconform/dsconform/hack/mutation/result"
)

// earlier gives the result of the file if it was found out with the same programs
// and in the same way; nil where there is none that holds.
func earlier(file string, now *result.Result) (*result.Result, error) {
	old, err := result.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if old.Key != now.Key || old.Matrix != now.Matrix {
		return nil, nil
	}
	return old, nil
}

// takeOver puts the verdicts of an earlier result into now, but for the mutants
// that are to be judged anew. A mutant without a real verdict has none to keep. Of
// the numbers of jobs the greater stands: it is the load that verdicts were found under.
func takeOver(now, old *result.Result, anew map[string]bool) int {
	now.Started, now.Baseline, now.Kubernetes, now.Jobs = old.Started, old.Baseline, old.Kubernetes, max(now.Jobs, old.Jobs)
	had := map[string]result.Mutant{}
	for _, m := range old.Mutants {
		had[m.ID] = m
	}
	kept := 0
	for i, m := range now.Mutants {
		before, ok := had[m.ID]
		if !ok || anew[m.ID] {
			continue
		}
		switch before.State {
		case result.Killed, result.Survived, result.Equivalent:
			now.Mutants[i] = before
			kept++
		case result.Unjudged, result.Broken, result.Pending:
		}
	}
	return kept
}

package result

import (
	"fmt"

	"github.com/dsconform/dsconform/hack/internal/trial"
)

// Upstream is the verdict of Kubernetes' own DaemonSet specs on a mutant, a line
// of docs/mutation-upstream.jsonl.
type Upstream struct {
	// Program is the SHA-256 of the program of mutants that was judged.
	Program string `json:"program"`
	// Specs is the SHA-256 of the program of Kubernetes' specs.
	Specs string `json:"specs"`
	// ID is the mutant's name.
	ID string `json:"id"`
	// State is killed, survived or error.
	State State `json:"state"`
	// KilledBy are the names of the tests that failed.
	KilledBy []string `json:"killedBy"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
}

// ReadUpstream reads docs/mutation-upstream.jsonl, by the mutants' IDs: of several
// verdicts on one, the last. A file that is not there is no error: it gives nil.
func ReadUpstream(path string) (map[string]Upstream, error) {
	all, err := trial.Lines[Upstream](path)
	if all == nil || err != nil {
		return nil, err
	}
	out := map[string]Upstream{}
	for _, u := range all {
		switch u.State {
		case Killed, Survived, Broken:
			out[u.ID] = u
		default:
			return nil, fmt.Errorf("%s: mutant %s is %q; it must be killed, survived or error", path, u.ID, u.State)
		}
	}
	return out, nil
}

package framework

import (
	"strings"
	"testing"

	"github.com/dsconform/dsconform/framework/invariants"
	"github.com/dsconform/dsconform/internal/load"
)

func TestWhatIsLateAccusesNobodyOnAnOverloadedMachine(t *testing.T) {
	t.Parallel()
	late := invariants.Violation{Invariant: "status-truth", Message: "ready is 1, not 2", Late: true}
	plain := invariants.Violation{Invariant: "status-arithmetic", Message: "ready 2 > current 1"}
	for name, tc := range map[string]struct {
		found   []invariants.Violation
		average float64
		class   Class
		seen    string
	}{
		"late, with room":              {[]invariants.Violation{late}, 1, NonConformant, late.Message},
		"late, without":                {[]invariants.Violation{late}, 51, EnvironmentFault, late.Message},
		"another one beside it":        {[]invariants.Violation{late, late, plain}, 51, NonConformant, plain.Message},
		"one that is not of the clock": {[]invariants.Violation{plain}, 51, NonConformant, plain.Message},
	} {
		e := &Env{load: func() (load.Load, bool) { return load.Load{Average: tc.average, Processors: 2}, true }}
		got := e.violation(invariants.Result{Violations: tc.found})
		if got == nil || got.Class != tc.class || got.Seen != tc.seen {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		for _, v := range tc.found {
			if v.Message != got.Seen && !strings.Contains(strings.Join(got.Evidence, "\n"), v.Message) {
				t.Errorf("%s: %q is lost: %q", name, v.Message, got.Evidence)
			}
		}
	}
	if got := (&Env{}).violation(invariants.Result{}); got != nil {
		t.Errorf("of nothing: %+v", got)
	}
}

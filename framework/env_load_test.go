package framework

import (
	"reflect"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/internal/load"
)

func TestADeadlineAccusesNobodyOnAnOverloadedMachine(t *testing.T) {
	t.Parallel()
	accused := Failure{Class: NonConformant, Expected: "pods", Seen: "none", Cause: "no controller writes", Look: []string{"its log"}}
	ofOthers := Failure{Class: EnvironmentFault, Seen: "none", Cause: "a node is gone"}
	unexplained := Failure{Class: NonConformant, Seen: "none", Unexplained: true}
	busy := func() (load.Load, bool) { return load.Load{Average: 51, Processors: 2}, true }
	for name, tc := range map[string]struct {
		load func() (load.Load, bool)
		f    Failure
		want bool
	}{
		"overloaded":                       {busy, accused, true},
		"overloaded, and nothing explains": {busy, unexplained, true},
		"another's fault already":          {busy, ofOthers, false},
		"busy": {func() (load.Load, bool) {
			return load.Load{Average: 50, Ready: 200, Processors: 2}, true
		}, accused, false},
		"a system that does not tell": {func() (load.Load, bool) { return load.Load{Average: 51, Processors: 2}, false }, accused, false},
		"nobody asks":                 {nil, accused, false},
	} {
		e := &Env{load: tc.load}
		got := e.excused(tc.f)
		if !tc.want {
			if !reflect.DeepEqual(got, tc.f) {
				t.Errorf("%s: %+v", name, got)
			}
			continue
		}
		if got.Class != EnvironmentFault || got.Unexplained || got.Seen != "none" ||
			!strings.Contains(got.Cause, "the machine was overloaded") || !strings.Contains(got.Cause, "51 threads were ready to run on 2 processors") {
			t.Errorf("%s: %+v", name, got)
		}
		if tc.f.Cause != "" && (len(got.Evidence) != 1 || !strings.Contains(got.Evidence[0], tc.f.Cause)) {
			t.Errorf("%s: the likely cause is lost: %q", name, got.Evidence)
		}
	}
	if accused.Cause != "no controller writes" || len(accused.Look) != 1 {
		t.Errorf("the failure that was given has changed: %+v", accused)
	}
}

package reports

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dsconform/dsconform/internal/exit"
)

func TestVerdicts(t *testing.T) {
	for name, s := range samples() {
		r := s.report()
		if r.Summary.Verdict != s.verdict || ExitCode(r) != s.code {
			t.Errorf("%s: %q, exit code %d; want %q, %d", name, r.Summary.Verdict, ExitCode(r), s.verdict, s.code)
		}
		if r.Summary.Conformant != (s.verdict == Conformant) {
			t.Errorf("%s: conformant is %t with verdict %q", name, r.Summary.Conformant, s.verdict)
		}
	}
}

// Each of these once read, or could read, as a pass somewhere.
func TestGuardsAgainstFalseGreen(t *testing.T) {
	ok := passed("DS-PLC-001", "placement")
	for name, tc := range map[string]struct {
		run     Run
		specs   []Spec
		verdict Verdict
	}{
		"no results":                    {Run{}, nil, NoVerdict},
		"all skipped":                   {Run{}, []Spec{skipped("DS-PLC-001", "placement", "why")}, NoVerdict},
		"only provisional specs passed": {Run{}, []Spec{with(ok, func(s *Spec) { s.Provisional = true })}, NoVerdict},
		"one unknown among passes":      {Run{}, []Spec{ok, unknown("DS-PLC-002", "placement", "why")}, NoVerdict},
		"a state nobody knows":          {Run{}, []Spec{ok, with(ok, func(s *Spec) { s.ID, s.State = "DS-PLC-002", "flaky" })}, NoVerdict},
		"no state at all":               {Run{}, []Spec{ok, with(ok, func(s *Spec) { s.ID, s.State = "DS-PLC-002", "" })}, NoVerdict},
		"a worker died":                 {Run{Trouble: []string{"a worker died"}}, []Spec{ok}, NoVerdict},
		"the suite panicked":            {Run{}, []Spec{ok, panicked("DS-PLC-002", "placement")}, SuiteFault},
		"a provisional spec panicked":   {Run{}, []Spec{ok, with(panicked("DS-PLC-002", "placement"), func(s *Spec) { s.Provisional = true })}, SuiteFault},
		"a failure beside a panic":      {Run{}, []Spec{failed("DS-PLC-003", "placement"), panicked("DS-PLC-002", "placement")}, NotConformant},
		"two verdicts on one spec":      {Run{}, []Spec{ok, ok}, SuiteFault},
		"a part of the suite":           {Run{Selection: "--smoke"}, []Spec{ok}, Incomplete},
		"a core spec left out":          {Run{}, []Spec{ok, skipped("DS-PLC-002", "placement", "why")}, Incomplete},
	} {
		t.Run(name, func(t *testing.T) {
			r := New(Environment{}, tc.run, tc.specs)
			if r.Summary.Verdict != tc.verdict || r.Summary.Conformant {
				t.Errorf("%q, conformant %t; want %q", r.Summary.Verdict, r.Summary.Conformant, tc.verdict)
			}
			if r.Summary.Reason == "" {
				t.Error("the verdict has no reason")
			}
		})
	}
}

func TestSkipsThatLeaveNoGap(t *testing.T) {
	r := New(Environment{}, Run{}, []Spec{
		passed("DS-PLC-001", "placement"),
		with(skipped("DS-PLC-002", "placement", "needs Kubernetes >= 1.99"), func(s *Spec) { s.NotApplicable = true }),
		with(skipped("DS-RUS-001", "rollingupdate", "not declared"), func(s *Spec) { s.Level = "extended" }),
	})
	if !r.Summary.Conformant {
		t.Errorf("%q: %s", r.Summary.Verdict, r.Summary.Reason)
	}
}

// The exit code must not believe a summary that somebody set.
func TestExitCodeIgnoresTheSummary(t *testing.T) {
	r := New(Environment{}, Run{}, []Spec{failed("DS-PLC-001", "placement")})
	r.Summary = New(Environment{}, Run{}, []Spec{passed("DS-PLC-001", "placement")}).Summary
	if got := ExitCode(r); got != exit.NotConformant {
		t.Errorf("exit code %d, want %d", got, exit.NotConformant)
	}
}

func anySpec() *rapid.Generator[Spec] {
	return rapid.Custom(func(t *rapid.T) Spec {
		s := Spec{
			ID:              rapid.StringMatching(`DS-[A-C]{3}-00[0-9]`).Draw(t, "id"),
			Area:            rapid.SampledFrom([]string{"placement", "nodes"}).Draw(t, "area"),
			Level:           rapid.SampledFrom([]string{LevelCore, "extended", "deviation"}).Draw(t, "level"),
			State:           rapid.SampledFrom([]State{Passed, Failed, Unknown, Skipped}).Draw(t, "state"),
			Name:            rapid.String().Draw(t, "name"),
			Reason:          rapid.String().Draw(t, "reason"),
			Clauses:         rapid.SliceOf(rapid.String()).Draw(t, "clauses"),
			Provisional:     rapid.Bool().Draw(t, "provisional"),
			DurationSeconds: float64(rapid.IntRange(0, 1e6).Draw(t, "ms")) / 1000,
		}
		s.SuiteFault = s.State == Unknown && rapid.Bool().Draw(t, "suite")
		if s.State != Passed && rapid.Bool().Draw(t, "explained") {
			s.Failure = &Failure{Expected: rapid.String().Draw(t, "expected"), Seen: rapid.String().Draw(t, "seen"), Look: rapid.SliceOf(rapid.String()).Draw(t, "look")}
		}
		return s
	})
}

func anyReport(t *rapid.T) *Report {
	run := Run{Seed: rapid.Int64().Draw(t, "seed")}
	if rapid.Bool().Draw(t, "troubled") {
		run.Trouble = []string{"a worker died"}
	}
	specs := rapid.SliceOfNDistinct(anySpec(), 0, 6, func(s Spec) string { return s.ID }).Draw(t, "specs")
	return New(Environment{Options: map[string]string{"a": rapid.String().Draw(t, "option")}}, run, specs)
}

// Whatever the verdicts: the three forms and the exit code tell one story.
func TestAllFormsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport(t)
		code := ExitCode(r)
		var out bytes.Buffer
		if err := r.WriteJUnit(&out); err != nil {
			t.Fatal(err)
		}
		var junit junitSuites
		if err := xml.Unmarshal(out.Bytes(), &junit); err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
		if red := junit.Failures+junit.Errors > 0; red != (code != exit.Conformant) {
			t.Fatalf("exit code %d, and JUnit says %d failures, %d errors", code, junit.Failures, junit.Errors)
		}
		out.Reset()
		if err := r.WriteSummary(&out, false); err != nil {
			t.Fatal(err)
		}
		if want := "VERDICT: " + string(r.Summary.Verdict) + ": "; !strings.Contains(out.String(), want) {
			t.Fatalf("the summary does not say %q", want)
		}
		if s := r.Summary; s.Passed+s.Failed+s.Unknown+s.Skipped != s.Total || s.Total != len(r.Specs) {
			t.Fatalf("the counts do not add up: %+v", s)
		}
		if r.Summary.Conformant && code != exit.Conformant {
			t.Fatalf("conformant with exit code %d", code)
		}
	})
}

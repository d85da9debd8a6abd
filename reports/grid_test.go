package reports

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/internal/exit"
)

func rowOf(name string, known []string, specs ...Spec) GridInput {
	in := GridInput{Name: name, Kubernetes: "v1.37.2", Folder: name, Report: New(sampleEnvironment(), sampleRun(), specs)}
	for _, id := range known {
		in.Known = append(in.Known, Gap{Specs: []string{id}, Why: "known for long"})
	}
	return in
}

func TestGridRows(t *testing.T) {
	t.Parallel()
	a, b := passed("DS-AAA-001", "x"), passed("DS-BBB-001", "x")
	notA := failed("DS-AAA-001", "x")
	provisional := with(failed("DS-CCC-001", "x"), func(s *Spec) { s.Provisional = true })
	for name, tc := range map[string]struct {
		in   GridInput
		code exit.Code
		says string
	}{
		"all passed":             {rowOf("r", nil, a, b), exit.Conformant, "the whole suite"},
		"failed":                 {rowOf("r", nil, notA, b), exit.NotConformant, "DS-AAA-001 failed unexpectedly"},
		"failed as known":        {rowOf("r", []string{"DS-AAA-001"}, notA, b), exit.Conformant, "as expected DS-AAA-001 failed (known for long)"},
		"one more":               {rowOf("r", []string{"DS-AAA-001"}, notA, failed("DS-BBB-001", "x")), exit.NotConformant, "DS-BBB-001 failed unexpectedly"},
		"one fewer":              {rowOf("r", []string{"DS-AAA-001"}, a, b), exit.NotConformant, "DS-AAA-001 should have failed"},
		"one for another":        {rowOf("r", []string{"DS-AAA-001"}, a, failed("DS-BBB-001", "x")), exit.NotConformant, "DS-BBB-001 failed unexpectedly; DS-AAA-001 should have failed"},
		"skipped, yet known":     {rowOf("r", []string{"DS-AAA-001"}, skipped("DS-AAA-001", "x", "no"), b), exit.NotConformant, "should have failed"},
		"unknown, yet known":     {rowOf("r", []string{"DS-AAA-001"}, unknown("DS-AAA-001", "x", "gap"), b), exit.Environment, "without a verdict"},
		"known, and not chosen":  {rowOf("r", []string{"DS-ZZZ-001"}, a, b), exit.Conformant, "the whole suite"},
		"provisional":            {rowOf("r", nil, a, provisional), exit.Conformant, "the whole suite"},
		"a fault of the suite":   {rowOf("r", nil, a, panicked("DS-BBB-001", "x")), exit.Internal, "dsconform itself"},
		"no report":              {GridInput{Name: "r", Err: exit.Usagef("no such version")}, exit.Usage, "no such version"},
		"no report for its sake": {GridInput{Name: "r", Err: errors.New("odd")}, exit.Internal, "odd"},
		"no word at all":         {GridInput{Name: "r"}, exit.Environment, "no report"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := NewGrid([]GridInput{tc.in}).Rows[0]
			if row.ExitCode != int(tc.code) || !strings.Contains(row.Reason, tc.says) {
				t.Errorf("exit code %d, want %d: %s", row.ExitCode, tc.code, row.Reason)
			}
		})
	}
}

func TestGridSaysEachReasonOnce(t *testing.T) {
	t.Parallel()
	in := rowOf("r", nil, failed("DS-AAA-001", "a"), failed("DS-BBB-001", "b"), failed("DS-CCC-001", "c"), failed("DS-DDD-001", "d"), failed("DS-EEE-001", "e"), failed("DS-FFF-001", "f"), passed("DS-GGG-001", "g"))
	in.Known = []Gap{
		{Specs: []string{"DS-BBB-001", "DS-AAA-001"}, Why: "no surge"},
		{Specs: []string{"DS-ZZZ-001"}, Why: "not chosen"},
		{Specs: []string{"DS-CCC-001", "DS-DDD-001", "DS-EEE-001", "DS-FFF-001", "DS-GGG-001"}, Why: "no history"},
	}
	row := NewGrid([]GridInput{in}).Rows[0]
	if row.Reason != "DS-GGG-001 should have failed (no history) and did not" || row.Why != "no surge; no history" {
		t.Errorf("one fewer: %s; why %s", row.Reason, row.Why)
	}
	in.Known[2].Specs = in.Known[2].Specs[:4]
	if row = NewGrid([]GridInput{in}).Rows[0]; !strings.HasPrefix(row.Reason, "as expected DS-BBB-001, DS-AAA-001 failed (no surge), DS-CCC-001, DS-DDD-001, DS-EEE-001, DS-FFF-001 failed (no history); beside that ") {
		t.Errorf("as expected: %s", row.Reason)
	}
	in.Known[0].Specs, in.Known[2].Specs = nil, append(in.Known[2].Specs, in.Known[0].Specs...)
	if row = NewGrid([]GridInput{in}).Rows[0]; !strings.HasPrefix(row.Reason, "as expected 6 specs failed (no history); beside that ") {
		t.Errorf("many: %s", row.Reason)
	}
}

func TestGridIsTheWorstOfItsRows(t *testing.T) {
	t.Parallel()
	good, bad := rowOf("good", nil, passed("DS-AAA-001", "x")), rowOf("bad", nil, failed("DS-AAA-001", "x"))
	open := rowOf("open", nil, unknown("DS-AAA-001", "x", "gap"))
	faulty := rowOf("faulty", nil, panicked("DS-AAA-001", "x"))
	for _, tc := range []struct {
		rows []GridInput
		want exit.Code
	}{
		{[]GridInput{good, good}, exit.Conformant},
		{[]GridInput{good, open}, exit.Environment},
		{[]GridInput{open, faulty, good}, exit.Internal},
		{[]GridInput{faulty, bad, open}, exit.NotConformant},
		{nil, exit.Conformant},
	} {
		if got := NewGrid(tc.rows).ExitCode; got != int(tc.want) {
			t.Errorf("%d rows give %d, want %d", len(tc.rows), got, tc.want)
		}
	}
}

func TestGridShowsWhereRowsDiffer(t *testing.T) {
	t.Parallel()
	one := rowOf("one", nil, passed("DS-AAA-001", "x"), passed("DS-BBB-001", "x"), passed("DS-CCC-001", "x"))
	two := rowOf("two", nil, failed("DS-AAA-001", "x"), passed("DS-BBB-001", "x"))
	g := NewGrid([]GridInput{one, two, {Name: "none"}})
	var ids []string
	for _, s := range g.Differences {
		ids = append(ids, s.ID)
	}
	if !slices.Equal(ids, []string{"DS-AAA-001", "DS-CCC-001"}) {
		t.Errorf("the rows differ in %v", ids)
	}
	var text, json bytes.Buffer
	if err := errors.Join(g.WriteText(&text), g.WriteJSON(&json)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"DS-AAA-001  passed  failed  -", "DS-CCC-001  passed  -       -", "none: no report was written", "its own"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "DS-BBB-001") || !strings.Contains(json.String(), `"kind": "ConformanceMatrix"`) {
		t.Errorf("text\n%s\nJSON\n%s", text.String(), json.String())
	}
}

func TestSummaryTellsOfAProcessThatEnded(t *testing.T) {
	t.Parallel()
	env := sampleEnvironment()
	env.Subject = Subject{Kind: "command", Name: "c", Identity: "sha256:00", Process: &Process{Restarts: 2, LastExit: "exited with code 3", Log: "subject.log", Tail: []string{"one", "panic: \x1b[31moh"}}}
	var b bytes.Buffer
	if err := New(env, sampleRun(), []Spec{passed("DS-AAA-001", "x")}).WriteSummary(&b, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"command c sha256:00", "ended unasked 2 times", "exited with code 3", "subject.log", "panic: \uFFFD[31moh"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	env.Subject.Process = &Process{Log: "subject.log"}
	r := New(env, sampleRun(), nil).Normalised()
	if r.Environment.Subject.Process.Tail == nil {
		t.Error("the tail is null")
	}
}

package reports

import (
	"bytes"
	"strings"
	"testing"
)

// Text from a container must not steer the reader's terminal.
func TestSummaryHoldsNoControlCharacters(t *testing.T) {
	s := failed("DS-PLC-001", "placement")
	s.Failure.Seen = "log: \x1b[2J\x1b]0;owned\x07\r\nnext\tcolumn\x00"
	var b bytes.Buffer
	if err := New(Environment{}, Run{}, []Spec{s}).WriteSummary(&b, false); err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(b.String(), func(c rune) bool { return c < ' ' && c != '\n' }); i >= 0 {
		t.Errorf("control character in %q", b.String()[i:min(i+40, b.Len())])
	}
	if !strings.Contains(b.String(), "next column") {
		t.Errorf("the text itself was lost:\n%s", b.String())
	}
}

func TestTextThatIsNotUTF8(t *testing.T) {
	s := failed("DS-PLC-001", "placement")
	s.Reason, s.Failure.Seen = "bytes \xff\xfe", "more \xff"
	r := New(Environment{}, Run{}, []Spec{s})
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(&b); err != nil {
		t.Error(err)
	}
}

func TestColourOnlyOnRequest(t *testing.T) {
	for name, s := range samples() {
		out := renderings(t, s.report())
		if bytes.Contains(out["txt"], []byte("\x1b")) {
			t.Errorf("%s: escape codes without colour", name)
		}
		if !bytes.Contains(out["colour.txt"], []byte("\x1b")) {
			t.Errorf("%s: no colour", name)
		}
	}
}

// A caller that goes on using what it gave must not change the report.
func TestNewKeepsNothing(t *testing.T) {
	env, run := sampleEnvironment(), sampleRun()
	specs := []Spec{failed("DS-PLC-001", "placement")}
	r := New(env, run, specs)
	before := string(renderings(t, r)["json"])
	env.Options["procs"], env.Nodes[0].Name, run.Steps[0].Name = "x", "x", "x"
	specs[0].State, specs[0].Clauses[0], specs[0].Failure.Look[0] = Passed, "x", "x"
	if string(renderings(t, r)["json"]) != before {
		t.Error("the report changed with its arguments")
	}
}

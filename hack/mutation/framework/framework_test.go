package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/internal/exit"
)

// gremlins is what gremlins writes: one killed, one that hangs, one that lives, one nobody comes to and one of a case.
const gremlins = `{"files":[{"file_name":"a.go","mutations":[
{"type":"CONDITIONALS_BOUNDARY","status":"KILLED","line":1,"column":1},
{"type":"INCREMENT_DECREMENT","status":"TIMED OUT","line":1,"column":2},
{"type":"CONDITIONALS_NEGATION","status":"LIVED","line":2,"column":5},
{"type":"ARITHMETIC_BASE","status":"NOT COVERED","line":3,"column":6},
{"type":"CONDITIONALS_NEGATION","status":"NOT COVERED","line":4,"column":8}]}],"elapsed_time":61}`

const reasons = `
- {package: p/q, file: a.go, text: "if a | b {", reason: "both ways are the same"}
- {package: p/q, file: a.go, text: "return a + b", types: [ARITHMETIC_BASE], reason: "it only logs"}
`

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func report(t *testing.T, found, explained string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir+"/p/q/a.go", "package q\n\tif a | b {\n\t\treturn a + b\n\tcase a != b:\n")
	write(t, dir+"/in/p-q.json", found)
	write(t, dir+"/explained.yaml", explained)
	err := run(t.Context(), dir, dir+"/in", dir+"/explained.yaml", dir+"/page.md", []string{"p/q"})
	page, readErr := os.ReadFile(dir + "/page.md")
	if readErr != nil && !os.IsNotExist(readErr) {
		t.Fatal(readErr)
	}
	return string(page), err
}

func TestThePage(t *testing.T) {
	page, err := report(t, gremlins, reasons)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| p/q | 4 | 1 | 1 | 1 | 1 | 1 | 1m1s | 2/4 = 50.0 % |", "| all | 4 | 1 | 1 | 1 | 1 | 1 | 1m1s | 2/4 = 50.0 % |", "## Alive (2)",
		"| p/q/a.go:2:5 | CONDITIONALS_NEGATION | lived | `if a \\| b {` | both ways are the same |", "| not covered | `return a + b` | it only logs |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q:\n%s", want, page)
		}
	}
}

// TestWhatNobodyExplains: a survivor without a reason fails, and so does a reason without a survivor.
func TestWhatNobodyExplains(t *testing.T) {
	first, second, _ := strings.Cut(strings.TrimSpace(reasons), "\n")
	page, err := report(t, gremlins, first)
	if exit.Of(err) != exit.NotConformant || !strings.Contains(err.Error(), "p/q/a.go:3:6 ARITHMETIC_BASE (not covered): return a + b") || !strings.Contains(page, "not explained yet") {
		t.Errorf("class %d: %v", exit.Of(err), err)
	}
	if _, err = report(t, gremlins, first+"\n"+strings.Replace(second, "ARITHMETIC_BASE", "INVERT_NEGATIVES", 1)); !strings.Contains(err.Error(), "nothing lives any more") {
		t.Errorf("another type is explained: %v", err)
	}
	if _, err = report(t, strings.Replace(gremlins, "NOT COVERED", "KILLED", 1), reasons); exit.Of(err) != exit.NotConformant || !strings.Contains(err.Error(), `nothing lives any more at p/q/a.go, "return a + b"`) {
		t.Errorf("class %d: %v", exit.Of(err), err)
	}
}

func TestWhatCannotBe(t *testing.T) {
	for says, in := range map[string][2]string{
		"nobody knows the status": {strings.Replace(gremlins, "LIVED", "GONE", 1), reasons},
		"found nothing":           {`{"files":[]}`, reasons},
		"decode":                  {`nonsense`, reasons},
		"another version":         {strings.Replace(gremlins, `"line":3`, `"line":30`, 1), reasons},
		"needs package":           {gremlins, "- {package: p}"},
		"unknown field":           {gremlins, "- {pakage: p}"},
	} {
		if _, err := report(t, in[0], in[1]); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if err := run(t.Context(), ".", "", "", "", nil); exit.Of(err) != exit.Usage {
		t.Errorf("no package: %v", err)
	}
}

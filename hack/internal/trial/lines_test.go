package trial

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "folder", "lines.jsonl")
	if got, err := Lines[int](path); got != nil || err != nil {
		t.Errorf("no file: %v, %v", got, err)
	}
	for i := range 3 {
		if err := AddLine(path, i); err != nil {
			t.Fatal(err)
		}
	}
	cut := func(text string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err = f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	cut("4")
	if got, err := Lines[int](path); err != nil || !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("with a line that was cut short: %v, %v", got, err)
	}
	if err := AddLine(path, 5); err != nil {
		t.Fatal(err)
	}
	if got, err := Lines[int](path); err != nil || !slices.Equal(got, []int{0, 1, 2, 5}) {
		t.Errorf("after it: %v, %v", got, err)
	}
	cut("\"word\"\n")
	if _, err := Lines[int](path); err == nil || !strings.Contains(err.Error(), "line 5") {
		t.Errorf("a line that is none: %v", err)
	}
}

// TestALineHasTheFieldsThatAreKnown: a field that nobody reads would be lost unseen.
func TestALineHasTheFieldsThatAreKnown(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lines.jsonl")
	if err := AddLine(path, map[string]int{"a": 1, "b": 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := Lines[struct{ A int }](path); err == nil || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("got %v", err)
	}
}

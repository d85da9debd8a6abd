package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestResumedWithOtherJobs: the file and the page tell the most that were judged at
// once, for verdicts of then are kept; what is judged now goes by the number asked for.
func TestResumedWithOtherJobs(t *testing.T) {
	w := newWorld(t)
	if r, _, _ := w.judge(t.Context(), "--jobs=5"); r.Jobs != 5 {
		t.Fatalf("the file tells of %d jobs, want 5", r.Jobs)
	}
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"--jobs=2", "--resume"}, 5},
		{[]string{"--jobs=1", "--mutants=skip-node"}, 5},
		{[]string{"--jobs=7", "--resume"}, 7},
		{[]string{"--jobs=2"}, 2}, // nothing is kept
	} {
		r, _, _ := w.judge(t.Context(), c.args...)
		if r.Jobs != c.want {
			t.Errorf("%v: the file tells of %d jobs, want %d", c.args, r.Jobs, c.want)
		}
		page, err := os.ReadFile(w.dir + "/page.md")
		if err != nil || !strings.Contains(string(page), fmt.Sprintf(" %d mutants at once", c.want)) {
			t.Errorf("%v: the page: %v\n%s", c.args, err, page)
		}
	}
}

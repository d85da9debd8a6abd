package run

import (
	"slices"
	"testing"
)

func TestWorkersShareTheProcessors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		environ []string
		workers int
		want    []string
	}{
		"as many as processors": {[]string{"A=1"}, 2, []string{"A=1"}},
		"more":                  {[]string{"A=1"}, 3, []string{"GOMAXPROCS=1", "A=1"}},
		// Of two values the last one counts (os/exec).
		"more, and told otherwise": {[]string{"GOMAXPROCS=4"}, 3, []string{"GOMAXPROCS=1", "GOMAXPROCS=4"}},
	} {
		if got := workerEnv(tc.environ, tc.workers, 2); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

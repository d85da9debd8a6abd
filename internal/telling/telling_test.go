package telling

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	t.Parallel()
	reason, noise := regexp.MustCompile(`^error: `), regexp.MustCompile(`^goroutine `)
	for name, tc := range map[string]struct {
		lines []string
		want  string
	}{
		"nothing":                  {nil, ""},
		"the last reason":          {[]string{"error: first", "error: second\r\n", "bye"}, "error: second"},
		"no reason":                {[]string{"starting", " going \n", "", "goroutine 1"}, "going"},
		"nothing but noise":        {[]string{"goroutine 1", " "}, ""},
		"a reason that has no end": {[]string{"error: " + strings.Repeat("x", 500)}, "error: " + strings.Repeat("x", most-7) + "…"},
	} {
		if got := Line(slices.Values(tc.lines), reason, noise); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

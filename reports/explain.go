package reports

import (
	"fmt"
	"strings"
	"unicode"
)

// explanation is what a reader needs to know of a spec that did not pass: the
// sentence judged, what was expected and seen, the likely cause, where to look.
func explanation(s Spec) string {
	var b strings.Builder
	fmt.Fprintln(&b, clean(s.Behaviour))
	line := func(name string, texts ...string) {
		text := strings.TrimRight(strings.Join(texts, "\n"), "\n")
		if text != "" {
			fmt.Fprintf(&b, "  %-9s %s\n", name, strings.ReplaceAll(clean(text), "\n", "\n            "))
		}
	}
	line("clause", strings.Join(s.Clauses, "; "))
	if s.Failure == nil {
		line("reason", s.Reason)
		return b.String()
	}
	line("expected", s.Failure.Expected)
	line("seen", s.Failure.Seen)
	line("cause", s.Failure.Cause)
	line("evidence", s.Failure.Evidence...)
	line("look at", s.Failure.Look...)
	line("bundle", s.Failure.Bundle)
	return b.String()
}

// clean replaces control characters, line ends aside: text from a container
// must not steer the reader's terminal.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n':
			return c
		case c == '\t':
			return ' '
		case c == '\r':
			return -1
		case unicode.IsControl(c), c == '\uFFFE', c == '\uFFFF': // XML cannot carry the last two
			return '\uFFFD'
		}
		return c
	}, s)
}

package kubectl

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// NotRun is the exit code of a command that did not come to an end of its own:
// it could not be started, or was stopped because its context ended.
const NotRun = -1

// Result is how a command ended.
type Result struct {
	// Args are the words after "kubectl".
	Args []string
	// Namespace is the default namespace the command ran with.
	Namespace string
	// Stdout and Stderr are what it printed, each whole.
	Stdout, Stderr string
	// ExitCode is kubectl's own, or NotRun.
	ExitCode int
	// Err is nil if and only if the command ended with exit code 0. It wraps the
	// context's cause if the command was stopped because its context ended.
	Err error
	// Took is how long it ran.
	Took time.Duration
}

// OK tells whether the command ended with exit code 0.
func (r Result) OK() bool { return r.Err == nil }

// Ran tells whether the command came to an end of its own, whatever its exit
// code. One that did not says nothing about the cluster's answer.
func (r Result) Ran() bool { return r.ExitCode != NotRun }

// CommandLine is the command as a user would type it in the namespace.
func (r Result) CommandLine() string {
	words := []string{Word}
	if r.Namespace != "" {
		words = append(words, "-n", r.Namespace)
	}
	for _, w := range r.Args {
		words = append(words, quote(w))
	}
	return strings.Join(words, " ")
}

// Transcript is what a user would have seen: the command line, what it printed
// and how it ended.
func (r Result) Transcript() string {
	var b strings.Builder
	fmt.Fprintf(&b, "$ %s\n", r.CommandLine())
	for _, text := range []string{r.Stdout, r.Stderr} {
		b.WriteString(text)
		if text != "" && !strings.HasSuffix(text, "\n") {
			b.WriteByte('\n')
		}
	}
	switch {
	case !r.Ran():
		fmt.Fprintf(&b, "[no exit code: %v]\n", r.Err)
	default:
		fmt.Fprintf(&b, "[exit code %d after %s]\n", r.ExitCode, r.Took.Round(time.Millisecond))
	}
	return b.String()
}

// String is Transcript, so that a Result explains itself in a failed expectation.
func (r Result) String() string { return r.Transcript() }

// Lines are the lines of standard output, blank ones left out.
func (r Result) Lines() []string {
	var lines []string
	for line := range strings.Lines(r.Stdout) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Decode decodes standard output, printed with -o json, into obj.
func (r Result) Decode(obj any) error {
	if r.Err != nil {
		return r.Err
	}
	if err := json.Unmarshal([]byte(r.Stdout), obj); err != nil {
		return fmt.Errorf("%s: its output is not the JSON of a %T (was -o json given?): %w", r.CommandLine(), obj, err)
	}
	return nil
}

// quote quotes a word for a POSIX shell where it needs it.
func quote(word string) string {
	plain := word != "" && strings.IndexFunc(word, func(c rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-", c)
	}) < 0
	if plain {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return lines[len(lines)-1]
}

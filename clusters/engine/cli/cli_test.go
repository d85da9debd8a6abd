package cli

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestOutput(t *testing.T) {
	sh := CLI{Name: "sh", Env: []string{"WORD=there"}}
	out, err := sh.Output(t.Context(), "-c", `echo " hello $WORD "; echo noise >&2`)
	if err != nil || out != "hello there" {
		t.Errorf("Output = %q, %v; want the trimmed standard output alone", out, err)
	}
}

func TestOutputNamesTheCommandAndItsLastWords(t *testing.T) {
	_, err := CLI{Name: "sh"}.Output(t.Context(), "-c", `echo one >&2; echo; echo two >&2; exit 3`)
	var status *exec.ExitError
	if !errors.As(err, &status) || status.ExitCode() != 3 {
		t.Fatalf("the exit status is lost: %v", err)
	}
	if text := err.Error(); !strings.HasPrefix(text, "sh -c ") || !strings.HasSuffix(text, "one; two") || strings.Contains(text, "\n") {
		t.Errorf("want one line that begins with the command and ends with what it said, got %q", text)
	}
}

func TestOutputOfAMissingProgram(t *testing.T) {
	_, err := CLI{Name: "dsconform-no-such-program"}.Output(t.Context(), "x")
	if !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("want exec.ErrNotFound, got %v", err)
	}
}

func TestOutputTellsWhyItWasBrokenOff(t *testing.T) {
	reason := errors.New("took too long")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, reason)
	defer cancel()
	_, err := CLI{Name: "sleep"}.Output(ctx, "60")
	if !errors.Is(err, reason) {
		t.Errorf("want the context's cause, got %v", err)
	}
}

func TestQuote(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"plain":  {[]string{"docker", "ps", "-a"}, "docker ps -a"},
		"braces": {[]string{"docker", "{{.ID}}"}, `docker "{{.ID}}"`},
		"empty":  {[]string{"x", ""}, `x ""`},
		"long":   {[]string{strings.Repeat("a", 500)}, strings.Repeat("a", 200) + "..."},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Quote(tc.args); got != tc.want {
				t.Errorf("Quote(%q) = %q, want %q", tc.args, got, tc.want)
			}
		})
	}
}

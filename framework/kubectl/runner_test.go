package kubectl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRunIsKubectl(t *testing.T) {
	s := newServer(t)
	r := s.runner(t)
	res := r.Run(t.Context(), "get", "pods", "-o", "wide")
	if !res.OK() || res.ExitCode != 0 {
		t.Fatal(res)
	}
	table, err := res.Table()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := table.Column("NAME"), []string{"agent-abcde", "agent-fghij"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	if got := table.Row("agent-abcde")["RESTARTS"]; got != "2 (5s ago)" {
		t.Errorf("restarts %q", got)
	}
	last := s.last(t)
	if want := "/api/v1/namespaces/spec-1/pods"; last.URL.Path != want {
		t.Errorf("asked for %s, want %s", last.URL.Path, want)
	}
	if want := "kubectl/" + Version() + " (dsconform/test (run; DS-KUB-001))"; last.UserAgent() != want {
		t.Errorf("User-Agent %q, want %q", last.UserAgent(), want)
	}
}

func TestFlagsOfTheCallerWin(t *testing.T) {
	s := newServer(t)
	if res := s.runner(t).Run(t.Context(), "get", "pods", "-n", "other"); !res.OK() {
		t.Fatal(res)
	}
	if got, want := s.last(t).URL.Path, "/api/v1/namespaces/other/pods"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

func TestExitCodes(t *testing.T) {
	s := newServer(t)
	for name, tc := range map[string]struct {
		args   []string
		code   int
		stderr string
	}{
		"not found":       {[]string{"get", "pod", "missing"}, 1, "NotFound"},
		"unknown flag":    {[]string{"get", "pods", "--colour"}, 1, "unknown flag: --colour"},
		"unknown command": {[]string{"gett"}, 1, `unknown command "gett"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := s.runner(t).Run(t.Context(), tc.args...)
			if res.ExitCode != tc.code || !res.Ran() || res.Err == nil {
				t.Errorf("exit code %d, error %v; want %d and an error", res.ExitCode, res.Err, tc.code)
			}
			if !strings.Contains(res.Stderr, tc.stderr) {
				t.Errorf("stderr %q does not say %q", res.Stderr, tc.stderr)
			}
			if !strings.Contains(res.Transcript(), "[exit code 1 after ") {
				t.Errorf("the transcript does not tell the exit code:\n%s", res)
			}
		})
	}
}

func TestNotRun(t *testing.T) {
	for name, exe := range map[string][]string{
		"no executable":      nil,
		"missing executable": {filepath.Join(t.TempDir(), "kubectl")},
	} {
		t.Run(name, func(t *testing.T) {
			res := (&Runner{Exe: exe}).Run(t.Context(), "get", "pods")
			if res.Ran() || res.Err == nil || res.ExitCode != NotRun {
				t.Errorf("%+v; want an error and exit code %d", res, NotRun)
			}
		})
	}
}

// A command that hangs must end with its context, and its exit code must not be
// taken for the cluster's answer.
func TestContextEndsTheCommand(t *testing.T) {
	s := newServer(t)
	cause := errors.New("the spec is over")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Second, cause)
	defer cancel()
	res := s.runner(t).Run(ctx, "get", "pod", "stuck")
	if res.Ran() || !errors.Is(res.Err, cause) {
		t.Errorf("exit code %d, error %v; want none and %v", res.ExitCode, res.Err, cause)
	}
	if res.Took > 2*time.Second+stopGrace {
		t.Errorf("took %s", res.Took)
	}
}

func TestManyAtOnce(t *testing.T) {
	r := newServer(t).runner(t)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			pod, want := "missing", 1
			if i%2 == 0 {
				pod, want = "", 0
			}
			args := []string{"get", "pods"}
			if pod != "" {
				args = append(args, pod)
			}
			if res := r.Run(t.Context(), args...); res.ExitCode != want {
				t.Errorf("exit code %d, want %d\n%s", res.ExitCode, want, res)
			}
		})
	}
	group.Wait()
}

func TestLinesComeAsTheyAre(t *testing.T) {
	var lines []string
	res := newServer(t).runner(t).Do(t.Context(), Call{
		Args:   []string{"get", "pods", "--no-headers", "-o", "custom-columns=N:.kind"},
		OnLine: func(line string) { lines = append(lines, line) },
	})
	if !slices.Equal(lines, res.Lines()) {
		t.Errorf("lines %q, stdout %q", lines, res.Stdout)
	}
}

func TestLineWriter(t *testing.T) {
	var got []string
	w := &lineWriter{each: func(s string) { got = append(got, s) }}
	for _, part := range []string{"a", "b\nc\n", "", "d\n\ne"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	w.flush()
	if want := []string{"ab", "c", "d", "", "e"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestEnvironmentIsNotTheUsers(t *testing.T) {
	got := environment([]string{"PATH=/bin", "KUBECONFIG=/mine", "KUBERC=/mine", "KUBECTL_EXTERNAL_DIFF=mine", "LANG=de_DE.UTF-8", "LC_TIME=x", "HOME=/root"})
	if want := []string{"PATH=/bin", "HOME=/root", "KUBERC=off", "LC_ALL=C"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A killed run must leave no kubectl behind: the child ends when the writing
// end of its leash is gone.
func TestLeash(t *testing.T) {
	s := newServer(t)
	r := s.runner(t)
	leash, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), r.Exe[0], append(append(r.Exe[1:], r.globalFlags()...), "get", "pod", "stuck")...)
	cmd.Env = append(environment(os.Environ()), leashEnv+"=3", "KUBECACHEDIR="+t.TempDir())
	cmd.ExtraFiles = []*os.File{leash}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(leash.Close(), hold.Close()); err != nil {
		t.Fatal(err)
	}
	var exited *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exited) || exited.ExitCode() != codeOrphaned {
		t.Errorf("the child ended with %v, want exit code %d", err, codeOrphaned)
	}
}

// A broken child must be told from an answer: it is killed, so there is no exit code.
func TestKilledChildHasNoExitCode(t *testing.T) {
	script := filepath.Join(t.TempDir(), "dies")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nkill -9 $$\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	res := (&Runner{Exe: []string{script}}).Run(t.Context(), "get", "pods")
	if res.Ran() || res.Err == nil {
		t.Errorf("%+v; want no exit code", res)
	}
	if want := fmt.Sprintf("[no exit code: %v]", res.Err); !strings.Contains(res.Transcript(), want) {
		t.Errorf("transcript %q does not say %q", res.Transcript(), want)
	}
}

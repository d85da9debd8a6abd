package supervisor

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestLifeOfAComponent(t *testing.T) {
	t.Parallel()
	c, _, _ := supervise(t, sleeper("a"), script("crash", "echo 'E1124 no luck' >&2; exit 3"), script("deaf", `trap "" TERM; while :; do sleep 600 & wait; done`))
	ctx := t.Context()
	do := func(name string, a Action, want State) Status {
		t.Helper()
		s, err := c.Do(ctx, name, a)
		if err != nil {
			t.Fatalf("%s %s: %v", a, name, err)
		}
		if s.State != want {
			t.Fatalf("after %s, %s is %s (%s), want %s", a, name, s.State, s.Exit, want)
		}
		return s
	}
	first := do("a", Start, Running)
	if again := do("a", Start, Running); again.PID != first.PID || again.Starts != 1 {
		t.Errorf("a second start made another process: %+v after %+v", again, first)
	}
	do("a", Pause, Paused)
	do("a", Resume, Running)
	do("a", Pause, Paused)
	if s := do("a", Stop, Ended); s.Exit != "signal: terminated" || !s.Asked {
		t.Errorf("a frozen component that was stopped: %+v", s)
	}
	do("a", Start, Running)
	if s := do("a", Restart, Running); s.Starts != 3 || s.PID == 0 {
		t.Errorf("after the restart: %+v", s)
	}
	if s := do("a", Kill, Ended); s.Exit != "signal: killed" {
		t.Errorf("after the kill: %+v", s)
	}
	do("a", Kill, Ended) // it is gone already: no error

	if _, err := c.Do(ctx, "crash", Start); err != nil {
		t.Fatal(err)
	}
	s, err := c.AwaitEnd(ctx, "crash", 1)
	if err != nil || s.Exit != "exit status 3" || s.Asked {
		t.Errorf("the crash: %+v, %v", s, err)
	}
	if got := Telling(s.Tail); got != "E1124 no luck" {
		t.Errorf("its telling line is %q", got)
	}
	for _, wrong := range []struct {
		name string
		a    Action
		says string
	}{{"nobody", Start, "there are a, crash, deaf"}, {"a", "dance", "is no action"}, {"a", Pause, "does not run"}} {
		if _, err = c.Do(ctx, wrong.name, wrong.a); err == nil || !strings.Contains(err.Error(), wrong.says) {
			t.Errorf("%s %s gives %v, want %q", wrong.a, wrong.name, err, wrong.says)
		}
	}
	all, err := c.Status(ctx)
	if err != nil || len(all) != 3 || all[0].Name != "a" || all[2].State != Idle {
		t.Errorf("status %+v, %v", all, err)
	}
}

func TestAStartThatFails(t *testing.T) {
	t.Parallel()
	c, _, _ := supervise(t, Component{Name: "a", Exe: "/nonexistent/program"})
	if _, err := c.Do(t.Context(), "a", Start); err == nil || !strings.Contains(err.Error(), "starting a: ") {
		t.Errorf("got %v", err)
	}
}

func TestShutdownLeavesNothing(t *testing.T) {
	t.Parallel()
	c, p, _ := supervise(t, sleeper("a"), script("deep", "sleep 600 & sleep 600"))
	var pids []int
	for _, name := range []string{"a", "deep"} {
		s, err := c.Do(t.Context(), name, Start)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, s.PID)
	}
	if err := c.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, pid := range append(pids, p.cmd.Process.Pid) {
		awaitGone(t, pid)
	}
	if err := c.Shutdown(t.Context()); err != nil {
		t.Errorf("a second shutdown: %v", err)
	}
	if _, err := c.Status(t.Context()); !errors.Is(err, ErrGone) {
		t.Errorf("a supervisor that is gone answers %v", err)
	}
}

func TestChildrenDieWithTheirSupervisor(t *testing.T) {
	t.Parallel()
	c, p, _ := supervise(t, sleeper("a"))
	s, err := c.Do(t.Context(), "a", Start)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, s.PID)
}

func TestAnAttachedSupervisorDiesWithItsCommand(t *testing.T) {
	t.Parallel()
	cmd, pids := startOwner(t)
	for _, pid := range pids {
		if !alive(pid) {
			t.Fatalf("process %d does not run", pid)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for _, pid := range pids {
		awaitGone(t, pid)
	}
}

func TestALongSocketPathIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir() + "/" + strings.Repeat("x", 107)
	if _, err := Spawn(t.Context(), self(), folder, Config{}); err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Errorf("got %v", err)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/log"
	if err := os.WriteFile(path, []byte(strings.Repeat("a line\n", 10000)+"the end\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines, err := tail(path)
	if err != nil || len(lines) != tailLines || lines[tailLines-1] != "the end" {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

func TestTelling(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ log, want string }{
		{"", ""},
		{"I1 fine\nE1124 10:00:00.1 run.go:72] \"command failed\" err=\"bind: address already in use\"\nI1124 bye", `E1124 10:00:00.1 run.go:72] "command failed" err="bind: address already in use"`},
		{`{"level":"info","msg":"x"}` + "\n" + `{"level":"fatal","msg":"listen tcp"}`, `{"level":"fatal","msg":"listen tcp"}`},
		{"Error: unknown flag: --x\nUsage:\n  etcd [flags]", "Error: unknown flag: --x"},
		{"starting\nno more", "no more"},
		{"panic: oh\n\ngoroutine 1 [running]:\n\tmain.go:1", "panic: oh"},
	} {
		if got := Telling(strings.Split(tc.log, "\n")); got != tc.want {
			t.Errorf("of %q: %q, want %q", tc.log, got, tc.want)
		}
	}
}

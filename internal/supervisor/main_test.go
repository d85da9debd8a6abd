package supervisor

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// owner makes the test program play a command that starts a supervisor, prints
// the children's process numbers and waits to be killed.
const owner = "test-owner"

func TestMain(m *testing.M) {
	if IsRole(os.Args) {
		os.Exit(Main(context.Background(), os.Args[2:]))
	}
	if len(os.Args) == 3 && os.Args[1] == owner {
		os.Exit(own(os.Args[2]))
	}
	os.Exit(m.Run())
}

func own(folder string) int {
	ctx := context.Background()
	p, err := Spawn(ctx, self(), folder, Config{Attached: true, Components: []Component{sleeper("a"), sleeper("b")}})
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return 1
	}
	c := NewClient(folder)
	fmt.Fprintln(os.Stdout, p.cmd.Process.Pid)
	for _, name := range []string{"a", "b"} {
		s, err := c.Do(ctx, name, Start)
		if err != nil {
			fmt.Fprintln(os.Stdout, err)
			return 1
		}
		fmt.Fprintln(os.Stdout, s.PID)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

func self() string {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return exe
}

func sleeper(name string) Component { return script(name, "exec sleep 600") }

func script(name, text string) Component {
	return Component{Name: name, Exe: "/bin/sh", Args: []string{"-c", text}, Env: []string{"PATH=/usr/bin:/bin"}}
}

// supervise starts a supervisor that is gone when the test is.
func supervise(t *testing.T, components ...Component) (*Client, *Process, string) {
	t.Helper()
	folder := t.TempDir()
	p, err := Spawn(t.Context(), self(), folder, Config{Attached: true, Components: components})
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(folder)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := c.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		p.Wait()
	})
	return c, p, folder
}

// awaitGone waits until no process has the number.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for alive(pid) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("process %d is still there", pid)
		}
	}
}

// alive tells whether the process runs; one that nobody has waited for does not.
func alive(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	var number int
	var name, state string
	if _, err := fmt.Sscanf(string(raw), "%d %s %s", &number, &name, &state); err != nil {
		return false
	}
	return state != "Z" && state != "X"
}

// startOwner starts a command that owns a supervisor, and gives the process
// numbers of supervisor and children.
func startOwner(t *testing.T) (*exec.Cmd, []int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), self(), owner, t.TempDir())
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close() })
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var pids []int
	for len(pids) < 3 && lines.Scan() {
		var pid int
		if _, err := fmt.Sscan(lines.Text(), &pid); err != nil {
			t.Fatalf("the owner says %q", lines.Text())
		}
		pids = append(pids, pid)
	}
	if len(pids) < 3 {
		t.Fatalf("the owner ended after %v", pids)
	}
	return cmd, pids
}

package host

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const tail = " S 42 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1024 1"
	for name, tc := range map[string]struct {
		text string
		want stat
		bad  bool
	}{
		"plain":                      {"7 (dockerd)" + tail, stat{'S', 42, 987654}, false},
		"name with a parenthesis":    {"7 (a) R 1 (b)" + tail, stat{'S', 42, 987654}, false},
		"cut off":                    {"7 (dockerd) S 42 1", stat{}, true},
		"no name":                    {"7 dockerd", stat{}, true},
		"start time is not a number": {"7 (x) S 42 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 soon 1024 1", stat{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseStat(tc.text)
			if (err != nil) != tc.bad || got != tc.want {
				t.Errorf("parseStat(%q) = %+v, %v; want %+v, bad: %v", tc.text, got, err, tc.want, tc.bad)
			}
		})
	}
}

// child starts a shell that says "ready" once its script has come to echo.
func child(t *testing.T, script string) (Process, func() error) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", "-c", script)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		_, err = bufio.NewReader(out).ReadString('\n')
	}
	if err != nil {
		t.Fatal(err)
	}
	p, err := Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill(context.WithoutCancel(t.Context())) })
	return p, cmd.Wait
}

func TestEndAsksFirst(t *testing.T) {
	p, wait := child(t, `trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done`)
	if err := p.End(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if p.Alive() {
		t.Error("alive after End, though a process only waited for is not")
	}
	if err := wait(); err == nil || err.Error() != "exit status 7" {
		t.Errorf("want the process's own way out (7), got %v", err)
	}
	if err := p.End(t.Context(), time.Second); err != nil {
		t.Errorf("ending what is gone: %v", err)
	}
}

func TestEndKillsTheDeaf(t *testing.T) {
	p, wait := child(t, `trap '' TERM; echo ready; while :; do sleep 0.1; done`)
	if err := p.End(t.Context(), 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("want it killed, got %v", err)
	}
}

func TestAliveKnowsAnotherOfTheSameNumber(t *testing.T) {
	me, err := Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if !me.Alive() {
		t.Error("this process is not alive")
	}
	other, earlier := me, me
	other.Start++
	earlier.Boot = "another start of the machine"
	for _, p := range []Process{other, earlier, {}} {
		if p.Alive() {
			t.Errorf("%+v is taken for this process %+v", p, me)
		}
	}
}

func TestFindAndChildren(t *testing.T) {
	p, _ := child(t, `echo ready; read never </dev/zero # dsconform-find-me`)
	found, err := Find(func(argv []string) bool {
		return len(argv) == 3 && slices.Contains(argv, `echo ready; read never </dev/zero # dsconform-find-me`)
	})
	if err != nil || !slices.Contains(found, p) {
		t.Errorf("Find = %v, %v; want %v", found, err, p)
	}
	me, err := Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	children, err := me.Children()
	if err != nil || !slices.Contains(children, p) {
		t.Errorf("Children = %v, %v; want %v among them", children, err, p)
	}
}

package kind

import (
	"bytes"
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/internal/exit"
)

func TestScrapTakesAwayWhatComesUpLate(t *testing.T) {
	t.Parallel()
	c, e := fakeCluster(t)
	if err := os.WriteFile(c.kubeconfig, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e.put(t, "containers", "c-control-plane\tcontrol-plane\trunning\n")
	e.put(t, "inflight", "c-worker2")
	lib := &library{done: make(chan struct{})}
	close(lib.done)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := c.scrap(ctx, lib); err != nil {
		t.Fatal(err)
	}
	calls := e.calls(t)
	for _, want := range []string{"rm --force --volumes c-control-plane", "rm --force --volumes c-worker2", "network rm kind"} {
		if !strings.Contains(calls, want) {
			t.Errorf("no call %q among:\n%s", want, calls)
		}
	}
	if last := strings.LastIndex(calls, "rm --force --volumes c-worker2"); strings.LastIndex(calls, "--name c-worker2 ") < last {
		t.Errorf("the name was not asked for again after the late container had gone:\n%s", calls)
	}
	for _, left := range []string{c.kubeconfig, c.store.folder()} {
		if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", left, err)
		}
	}
}

func TestScrapWaitsForTheLibrary(t *testing.T) {
	t.Parallel()
	c, e := fakeCluster(t)
	lib := &library{done: make(chan struct{})}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := c.scrap(ctx, lib)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("scrap ended while the library was at work: %v", err)
	}
	if strings.Contains(e.calls(t), "network rm") {
		t.Error("the network was removed under a cluster in the making")
	}
}

func TestNetworkStaysForOtherClusters(t *testing.T) {
	t.Parallel()
	c, e := fakeCluster(t)
	e.put(t, "containers", "other\n")
	if err := c.dropNetwork(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(e.calls(t), "network rm") {
		t.Error("the network was removed though another cluster is there")
	}
}

func TestMachines(t *testing.T) {
	t.Parallel()
	c, e := fakeCluster(t)
	e.put(t, "containers", "c-worker\tworker\tPaused\nc-external-load-balancer\texternal-load-balancer\trunning\nc-control-plane\tcontrol-plane\trunning\n")
	got, err := c.containers.machines(t.Context(), "c")
	if err != nil {
		t.Fatal(err)
	}
	want := []machine{{"c-control-plane", "control-plane", "running"}, {"c-external-load-balancer", "external-load-balancer", "running"}, {"c-worker", "worker", "paused"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	wantClass(t, c.Has(t.Context(), "c-external-load-balancer"), exit.Usage, "it has: c-control-plane c-worker")
	wantClass(t, c.RemoveNode(t.Context(), "c-control-plane"), exit.Usage, "only workers can be removed")
}

func TestExecOnNodeQuotesStandardError(t *testing.T) {
	t.Parallel()
	c, e := fakeCluster(t)
	e.put(t, "containers", "c-worker\tworker\trunning\n")
	e.put(t, "out", " fine \n")
	got, err := c.ExecOnNode(t.Context(), "c-worker", "cmd")
	if err != nil || got != "fine" {
		t.Errorf("got %q, %v", got, err)
	}
	e.put(t, "code", "7")
	e.put(t, "err", "talk\nerror: no such thing\n")
	_, err = c.ExecOnNode(t.Context(), "c-worker", "cmd")
	wantClass(t, err, exit.Environment, "exit status 7: error: no such thing")
	_, err = c.ExecOnNode(t.Context(), "elsewhere", "cmd")
	wantClass(t, err, exit.Usage, `no node "elsewhere"`)
	_, err = c.ExecOnNode(t.Context(), "c-worker")
	wantClass(t, err, exit.Usage, "no command")
}

func TestPauseOfAPausedNodeIsNoCall(t *testing.T) {
	t.Parallel()
	c, e := fakeCluster(t)
	e.put(t, "containers", "c-worker\tworker\tpaused\n")
	if err := c.PauseNode(t.Context(), "c-worker"); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(e.calls(t), "pause c-worker") {
		t.Error("a paused node was paused again, which the engine refuses")
	}
	if err := c.UnpauseNode(t.Context(), "c-worker"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(e.calls(t), "unpause c-worker") {
		t.Error("unpause was not called")
	}
}

func TestANodeThatCannotBeFrozenYetIsPausedOnceMore(t *testing.T) {
	t.Parallel()
	c, e := fakeCluster(t)
	e.put(t, "containers", "c-worker\tworker\trunning\n")
	e.put(t, "moving", "")
	if err := c.PauseNode(t.Context(), "c-worker"); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(e.calls(t), "pause c-worker"); n != 2 {
		t.Errorf("the engine was asked %d times, not twice", n)
	}
}

func TestAwaitBoot(t *testing.T) {
	t.Parallel()
	c, e := fakeCluster(t)
	e.put(t, "log", "INFO: detected cgroup v1\n[  OK  ] Reached target multi-user.target - Multi-User System.\r\n")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := c.containers.awaitBoot(ctx, "n", time.Now()); err != nil {
		t.Fatal(err)
	}
	e.put(t, "log", "INFO: detected cgroup v1\n")
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := c.containers.awaitBoot(short, "n", time.Now()); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "detected cgroup v1") {
		t.Errorf("a system that only began to start gave %v", err)
	}
	e.put(t, "ended", "")
	if err := c.containers.awaitBoot(ctx, "n", time.Now()); !errors.Is(err, errStopped) {
		t.Errorf("a container that ended gave %v", err)
	}
}

func TestMakeRoom(t *testing.T) {
	t.Parallel()
	const there = "c-control-plane\tcontrol-plane\trunning\n"
	for _, tc := range []struct {
		name, containers string
		phase            phase // "" for no state
		says             string
		cleared          bool
	}{
		{"nothing there", "", "", "", false},
		{"somebody else's", there, "", "did not make", false},
		{"ours", there, phaseReady, "use it with --reuse", false},
		{"failed and kept", there, phaseFailed, "use it with --reuse", false},
		{"cut short", there, phaseCreating, "", true},
		{"ours, its containers gone", "", phaseReady, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, e := fakeCluster(t)
			e.put(t, "containers", tc.containers)
			if err := os.RemoveAll(c.store.folder()); err != nil {
				t.Fatal(err)
			}
			if tc.phase != "" {
				if err := c.store.write(state{Phase: tc.phase, Image: "i"}); err != nil {
					t.Fatal(err)
				}
			}
			err := c.makeRoom(t.Context())
			if tc.says != "" {
				wantClass(t, err, exit.Environment, tc.says)
				if !errors.Is(err, ErrExists) {
					t.Errorf("%v does not wrap ErrExists", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.store.read(); tc.phase != "" && !errors.Is(err, errNoState) {
				t.Errorf("the state is still there: %v", err)
			}
			if got := strings.Contains(e.calls(t), "rm --force"); got != (tc.cleared && tc.containers != "") {
				t.Errorf("containers were removed: %v", got)
			}
		})
	}
}

func TestAddNodeRefusals(t *testing.T) {
	t.Parallel()
	c, _ := fakeCluster(t)
	_, err := c.AddNode(t.Context(), clusters.NodeSpec{Role: clusters.RoleControlPlane})
	wantClass(t, err, exit.Usage, "only a worker can")
	_, err = c.AddNode(t.Context(), clusters.NodeSpec{Name: "No_Good"})
	wantClass(t, err, exit.Usage, "cannot be used")
}

func TestOnlyGone(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]bool{
		"Error: No such container: a\n":                                                      true,
		"a\nError response from daemon: No such container: b\n":                              true,
		"Error response from daemon: removal of container a is already in progress\n":        true,
		"Error: No such container: a\nError response from daemon: driver failed to remove\n": false,
		"": false,
	} {
		if got := onlyGone(output); got != want {
			t.Errorf("%q: %v, want %v", output, got, want)
		}
	}
}

func TestNodeCommandHasBothStreams(t *testing.T) {
	t.Parallel()
	c, e := fakeCluster(t)
	e.put(t, "out", "an answer")
	e.put(t, "err", "a word")
	var out, errs bytes.Buffer
	n := node{ctx: t.Context(), c: c.containers, name: "c-worker", role: "worker"}
	if err := n.Command("cmd", "arg").SetEnv("A=b").SetStdout(&out).SetStderr(&errs).SetStdin(strings.NewReader("")).Run(); err != nil {
		t.Fatal(err)
	}
	if out.String() != "an answer" || errs.String() != "a word" {
		t.Errorf("standard output %q, standard error %q", out.String(), errs.String())
	}
	if want := "exec --privileged --interactive --env A=b c-worker cmd arg"; !strings.Contains(e.calls(t), want) {
		t.Errorf("no call %q among %s", want, e.calls(t))
	}
}

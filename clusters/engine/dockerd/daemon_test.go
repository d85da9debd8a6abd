package dockerd

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNewConfig(t *testing.T) {
	l := layout{dir: "/e"}
	for name, tc := range map[string]struct {
		wrapper, parent string
		want, without   []string
	}{
		"plain": {"", "", []string{`"iptables":false`, `"bridge":"none"`, `"hosts":["unix:///e/docker.sock"]`, `"group":"root"`, `"oom-score-adjust":0`},
			[]string{"runtimes", "default-runtime", "cgroup-parent", "exec-opts"}},
		"wrapped": {"/e/bin/w", "/p", []string{`"default-runtime":"dsconform"`, `"runtimes":{"dsconform":{"path":"/e/bin/w"}}`, `"cgroup-parent":"/p"`, "cgroupfs"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := json.Marshal(newConfig(l, tc.wrapper, tc.parent))
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range tc.want {
				if !strings.Contains(string(b), part) {
					t.Errorf("%s is missing in %s", part, b)
				}
			}
			for _, part := range tc.without {
				if strings.Contains(string(b), `"`+part+`"`) {
					t.Errorf("%s is set in %s", part, b)
				}
			}
		})
	}
}

func TestDaemonEnv(t *testing.T) {
	got := daemonEnv([]string{"HOME=/root", "DOCKER_TLS_VERIFY=1", "DOCKER_HOST=tcp://x", "NOTIFY_SOCKET=/other", "PATH=/opt/bin", "HTTPS_PROXY=p"}, "/n")
	want := []string{"HOME=/root", "HTTPS_PROXY=p", "PATH=/opt/bin:" + strings.Join(sbin(), ":"), "NOTIFY_SOCKET=/n"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestOwns(t *testing.T) {
	l := layout{dir: "/e/1"}
	for command, want := range map[string]bool{
		"dockerd --config-file /e/1/daemon.json":                                        true,
		"/usr/sbin/dockerd --config-file=/e/1/daemon.json":                              true,
		"containerd --config /e/1/exec/containerd/containerd.toml":                      true,
		"/usr/bin/containerd-shim-runc-v2 -id x -address /e/1/exec/containerd/c.sock":   true,
		"/e/1/bin/dsconform-oci-runtime --root /e/1/exec/runtime-runc/moby create x":    true,
		"dockerd --config-file /e/10/daemon.json":                                       false,
		"/usr/bin/containerd-shim-runc-v2 -id x -address /run/containerd/containerd.so": false,
		"tail -f /e/1/dockerd.log":                                                      false,
		"dockerd":                                                                       false,
	} {
		if got := l.owns(strings.Fields(command)); got != want {
			t.Errorf("owns(%s) = %v, want %v", command, got, want)
		}
	}
}

func TestDeletions(t *testing.T) {
	const listed = `-P POSTROUTING ACCEPT
-N DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 10.213.0.0/16 ! -o br-+ -m comment --comment dsconform-1 -j MASQUERADE
-A POSTROUTING -s 10.213.0.0/16 ! -o br-+ -m comment --comment dsconform-12 -j MASQUERADE
-A FORWARD -i br-+ -o br-+ -m comment --comment "dsconform-1" -j ACCEPT
`
	got := deletions(listed, "dsconform-1")
	want := []string{
		"-D POSTROUTING -s 10.213.0.0/16 ! -o br-+ -m comment --comment dsconform-1 -j MASQUERADE",
		"-D FORWARD -i br-+ -o br-+ -m comment --comment dsconform-1 -j ACCEPT",
	}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if strings.Join(got[i], " ") != want[i] {
			t.Errorf("got  %v\nwant %s", got[i], want[i])
		}
	}
}

func TestOutboundRulesCarryTheTag(t *testing.T) {
	open, denied := outboundRules("tag", false), outboundRules("tag", true)
	if len(open) != len(pools()) || len(denied) <= len(open) {
		t.Errorf("%d rules on an open machine, %d on one that forwards nothing, for %d pools", len(open), len(denied), len(pools()))
	}
	for _, r := range denied {
		if !slices.Contains(r.spec, "tag") {
			t.Errorf("%v could not be found again for its removal", r)
		}
	}
}

func TestDisarm(t *testing.T) {
	l := testLayout(t)
	container := func(id, config, settings string) string {
		dir := filepath.Join(l.data(), "containers", id)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string]string{"config.v2.json": config, "hostconfig.json": settings} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return filepath.Join(dir, "hostconfig.json")
	}
	const settings = `{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":1},"Memory":9007199254740993}`
	node := container("node", `{"Config":{"Labels":{"io.x-k8s.kind.cluster":"c"}}}`, settings)
	other := container("other", `{"Config":{"Labels":null}}`, settings)
	if err := os.MkdirAll(filepath.Join(l.data(), "containers", "half-made"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := disarm(l); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, node), `{"Memory":9007199254740993,"RestartPolicy":{"Name":"no","MaximumRetryCount":0}}`; got != want {
		t.Errorf("a node's settings are %s, want %s", got, want)
	}
	if got := read(t, other); got != settings {
		t.Errorf("another container's settings became %s", got)
	}
}

func TestListenHearsOnlyReady(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.sock")
	ready, hush, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer hush()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for _, word := range []string{"STATUS=soon\n", "NOTREADY=1", "STATUS=here\nREADY=1\n"} {
		select {
		case err := <-ready:
			t.Fatalf("ready before %q: %v", word, err)
		default:
		}
		if _, err := conn.Write([]byte(word)); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-ready; err != nil {
		t.Error(err)
	}
}

func TestAwaitTellsWhy(t *testing.T) {
	l := testLayout(t)
	if err := os.WriteFile(l.log(), []byte("level=info msg=one\nfailed to start daemon: no space left\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ended <- nil
	err := (&child{ended: ended, hush: func() {}}).await(t.Context(), l)
	if err == nil || !strings.Contains(err.Error(), "no space left; its log is "+l.log()) {
		t.Errorf("want the daemon's last words and where its log is, got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := (&child{hush: func() {}}).await(ctx, l); err == nil || !strings.Contains(err.Error(), l.log()) {
		t.Errorf("want an error that names the log, got %v", err)
	}
}

func TestPingOfADeadSocket(t *testing.T) {
	l := testLayout(t)
	if err := l.ping(t.Context(), time.Second); err == nil || !strings.Contains(err.Error(), l.socket()) {
		t.Errorf("want an error that names the socket, got %v", err)
	}
}

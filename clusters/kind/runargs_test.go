package kind

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const controlPlane = `{
 "Config": {"Image": "i", "Env": ["KUBECONFIG=/etc/kubernetes/admin.conf", "container=docker", "HTTP_PROXY=http://p", "PATH=/bin"]},
 "HostConfig": {"Binds": ["/lib/modules:/lib/modules:ro", "/x/audit-policy.yaml:/etc/kubernetes/dsconform/audit-policy.yaml:ro"],
  "Devices": [{"PathOnHost": "/dev/fuse"}], "UsernsMode": "host", "Sysctls": {"b": "2", "a": "1"}},
 "NetworkSettings": {"Networks": {"kind": {"IPAddress": "10.0.0.2"}}}
}`

func TestRunArgs(t *testing.T) {
	t.Parallel()
	var like inspection
	if err := json.Unmarshal([]byte(controlPlane), &like); err != nil {
		t.Fatal(err)
	}
	got := runArgs("c", "c-worker4", "i", "10.0.0.1", like, []string{"container=docker", "PATH=/bin"})
	want := strings.Fields(`run --detach --tty --pull never --name c-worker4 --hostname c-worker4
		--label io.x-k8s.kind.cluster=c --label io.x-k8s.kind.role=worker --net kind --restart=on-failure:1 --init=false
		--cgroupns=private --privileged --security-opt seccomp=unconfined --security-opt apparmor=unconfined
		--tmpfs /tmp --tmpfs /run --volume /var --volume /lib/modules:/lib/modules:ro --device /dev/fuse --userns=host
		--sysctl=a=1 --sysctl=b=2 --env HTTP_PROXY=http://p --add-host host.docker.internal:10.0.0.1 i`)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if like.ip() != "10.0.0.2" {
		t.Errorf("ip %q", like.ip())
	}
}

func TestNameServer(t *testing.T) {
	t.Parallel()
	for conf, want := range map[string]string{
		"search x\nnameserver 10.0.0.1\noptions ndots:0\n": "10.0.0.1",
		"nameserver 127.0.0.11\n":                          "", // not rewritten: nothing was learnt
		"nameserver fc00::1\nnameserver 10.0.0.3":          "10.0.0.3",
		"": "",
	} {
		if got := nameServer(conf); got != want {
			t.Errorf("%q gave %q, want %q", conf, got, want)
		}
	}
}

func TestTellingLine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, output, want string }{
		{"daemon", "Unable to find image\ndocker: Error response from daemon: Conflict.\n\nRun 'docker run --help' for more information\n", "docker: Error response from daemon: Conflict."},
		{"kubeadm", "I1124 10:00 x.go:1] talk\nerror execution phase kubelet-start: a Node with name \"n\" exists\nTo see the stack trace of this error execute with --v=5 or higher\n", "error execution phase kubelet-start: a Node with name \"n\" exists"},
		{"stack", "error: the reason\nk8s.io/kubernetes/cmd.func1\n\t/go/src/x.go:1\nmain.main\n", "error: the reason"},
		{"no reason", "first\nlast words\n\n", "last words"},
		{"nothing", "", ""},
		{"long", "error: " + strings.Repeat("x", 1000), "error: " + strings.Repeat("x", 393) + "…"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tellingLine(tc.output); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	fcache "k8s.io/client-go/tools/cache/testing"
)

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, t := range texts {
		out = append(out, netip.MustParsePrefix(t))
	}
	return out
}

func addresses(texts ...string) []netip.Addr {
	var out []netip.Addr
	for _, t := range texts {
		out = append(out, netip.MustParseAddr(t))
	}
	return out
}

func to(pods, via string) route {
	return route{pods: netip.MustParsePrefix(pods), via: netip.MustParseAddr(via)}
}

func TestConflist(t *testing.T) {
	text, err := buildConflist(prefixes("10.244.1.0/24", "fd00:10:244:1::/64"), 1450)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		CNIVersion, Name string
		Plugins          []struct {
			Type   string
			IPMasq *bool
			MTU    int
			IPAM   struct {
				Type   string
				Ranges [][]struct{ Subnet string }
				Routes []struct{ Dst string }
			}
			Capabilities map[string]bool
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Plugins) != 2 || got.Plugins[0].Type != "ptp" || got.Plugins[1].Type != "portmap" || !got.Plugins[1].Capabilities["portMappings"] {
		t.Fatalf("plugins %+v", got.Plugins)
	}
	ptp := got.Plugins[0]
	if ptp.MTU != 1450 || ptp.IPMasq == nil || *ptp.IPMasq {
		t.Errorf("ptp %+v: masquerading per pod hides pods from each other", ptp)
	}
	if len(ptp.IPAM.Ranges) != 2 || ptp.IPAM.Ranges[0][0].Subnet != "10.244.1.0/24" || ptp.IPAM.Ranges[1][0].Subnet != "fd00:10:244:1::/64" {
		t.Errorf("ranges %+v", ptp.IPAM.Ranges)
	}
	if len(ptp.IPAM.Routes) != 2 || ptp.IPAM.Routes[0].Dst != "0.0.0.0/0" || ptp.IPAM.Routes[1].Dst != "::/0" {
		t.Errorf("routes %+v", ptp.IPAM.Routes)
	}
	if _, err := buildConflist(nil, 0); err == nil {
		t.Error("a node without pod range got a configuration")
	}
}

func TestWriteConflist(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "net.d")
	for i, want := range []bool{true, false, true} {
		content := []byte("one")
		if i == 2 {
			content = []byte("two")
		}
		if changed, err := writeConflist(dir, content); err != nil || changed != want {
			t.Errorf("write %d: changed %v, %v; want %v", i, changed, err, want)
		}
	}
	// The runtime reads everything in this folder.
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != conflistName {
		t.Errorf("the folder has %v, %v", left, err)
	}
}

func TestWantedRoutes(t *testing.T) {
	nodes := []node{
		{"self", prefixes("10.244.0.0/24"), addresses("172.18.0.2")},
		{"b", prefixes("10.244.1.0/24", "fd00:1::/64"), addresses("172.18.0.3", "fc00::3")},
		{"a", prefixes("10.244.2.0/24", "fd00:2::/64"), addresses("172.18.0.4")}, // no IPv6 address
		{"new", nil, addresses("172.18.0.5")},                                    // no range yet
		{"silent", prefixes("10.244.4.0/24"), nil},                               // no address yet
	}
	want := []route{to("10.244.1.0/24", "172.18.0.3"), to("10.244.2.0/24", "172.18.0.4"), to("fd00:1::/64", "fc00::3")}
	if got := wantedRoutes("self", nodes); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// A node that is replaced: for a moment two objects claim one range.
	twice := append(nodes, node{"c", prefixes("10.244.1.0/24"), addresses("172.18.0.2")})
	first := wantedRoutes("self", twice)
	slices.Reverse(twice)
	if again := wantedRoutes("self", twice); !slices.Equal(first, again) || len(first) != len(want) {
		t.Errorf("a range claimed twice: %v, then %v", first, again)
	}
}

func TestDiffRoutes(t *testing.T) {
	a, b, c := to("10.244.1.0/24", "172.18.0.3"), to("10.244.2.0/24", "172.18.0.4"), to("10.244.3.0/24", "172.18.0.5")
	moved := to("10.244.1.0/24", "172.18.0.9")
	for name, tc := range map[string]struct{ have, want, set, remove []route }{
		"nothing":       {nil, nil, nil, nil},
		"join":          {[]route{a}, []route{a, b}, []route{b}, nil},
		"leave":         {[]route{a, b, c}, []route{a, c}, nil, []route{b}},
		"address moves": {[]route{a, b}, []route{moved, b}, []route{moved}, nil},
		"all new":       {[]route{c}, []route{a, b}, []route{a, b}, []route{c}},
	} {
		t.Run(name, func(t *testing.T) {
			set, remove := diffRoutes(tc.have, tc.want)
			if !slices.Equal(set, tc.set) || !slices.Equal(remove, tc.remove) {
				t.Errorf("set %v, remove %v; want %v, %v", set, remove, tc.set, tc.remove)
			}
		})
	}
}

func TestConfigFromEnvironment(t *testing.T) {
	env := map[string]string{
		"NODE_NAME": "n", "CONTROL_PLANE_ENDPOINT": "cp:6443", "POD_SUBNET": "10.244.0.0/16, fd00:10:244::/56",
		"KUBERNETES_SERVICE_HOST": "fd00:10:96::1", "KUBERNETES_SERVICE_PORT": "443",
	}
	get := func(k string) string { return env[k] }
	c, err := configFromEnvironment(get)
	if err != nil || c.node != "n" || c.server != "cp:6443" || len(c.podSubnets) != 2 || c.service.String() != "[fd00:10:96::1]:443" || c.cniDir != "/etc/cni/net.d" {
		t.Errorf("%+v, %v", c, err)
	}
	for name, value := range map[string]string{"NODE_NAME": "", "POD_SUBNET": "10.244.0.0", "KUBERNETES_SERVICE_HOST": "kubernetes"} {
		was := env[name]
		env[name] = value
		if _, err := configFromEnvironment(get); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%q: error %v does not name it", name, value, err)
		}
		env[name] = was
	}
}

func TestFirewallParts(t *testing.T) {
	f := firewall{sources: prefixes("10.244.1.0/24", "fd00:1::/64"), subnets: prefixes("10.244.0.0/16"), service: netip.MustParseAddr("10.96.0.1")}
	v4, v6 := f.of(true), f.of(false)
	if !v4.masquerades() || !v4.service.IsValid() || !v4.wanted() {
		t.Errorf("IPv4 part %+v", v4)
	}
	// Masquerading without knowing the pod ranges would hide pods from each other.
	if v6.masquerades() || v6.wanted() {
		t.Errorf("IPv6 part %+v", v6)
	}
}

func TestAwaitService(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddrPort(l.Addr().String())
	if err := awaitService(t.Context(), at); err != nil {
		t.Errorf("a service that answers: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*servicesPoll)
	defer cancel()
	if err := awaitService(ctx, at); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a service that does not: %v", err)
	}
}

// fakeKernel keeps routes in memory; broken makes setting fail once.
type fakeKernel struct {
	table  []route
	broken bool
	walls  int
	lost   chan struct{}
	ops    chan string
}

func (k *fakeKernel) routes() ([]route, error) { return slices.Clone(k.table), nil }

func (k *fakeKernel) set(r route) error {
	if k.broken {
		k.broken = false
		return errors.New("network is unreachable")
	}
	k.table = append(slices.DeleteFunc(k.table, func(h route) bool { return h.pods == r.pods }), r)
	k.ops <- "set " + r.pods.String() + " " + r.via.String()
	return nil
}

func (k *fakeKernel) remove(r route) error {
	k.table = slices.DeleteFunc(k.table, func(h route) bool { return h == r })
	k.ops <- "remove " + r.pods.String()
	return nil
}

func (k *fakeKernel) mtu(netip.Addr) int { return 1500 }

func (k *fakeKernel) protect(firewall) error { k.walls++; return nil }

func (k *fakeKernel) changes(context.Context) (<-chan struct{}, error) { return k.lost, nil }

func object(name, pods, address string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.NodeSpec{PodCIDR: pods},
		Status:     corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: name}, {Type: corev1.NodeInternalIP, Address: address}}},
	}
}

func (k *fakeKernel) expect(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-k.ops:
		if got != want {
			t.Fatalf("the agent did %q, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("the agent did nothing, want %q", want)
	}
}

func TestAgentFollowsNodes(t *testing.T) {
	source := fcache.NewFakeControllerSource()
	source.Add(object("self", "10.244.0.0/24", "172.18.0.2"))
	stale := to("10.244.9.0/24", "172.18.0.9") // of an earlier life
	k := &fakeKernel{table: []route{stale}, broken: true, lost: make(chan struct{}), ops: make(chan string, 10)}
	dir := t.TempDir()
	a := &agent{cfg: config{node: "self", cniDir: dir}, log: slog.New(slog.DiscardHandler), kernel: k}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx, source) }()

	k.expect(t, "remove 10.244.9.0/24")
	source.Add(object("b", "10.244.1.0/24", "172.18.0.3"))
	k.expect(t, "set 10.244.1.0/24 172.18.0.3") // tried again after the failure
	source.Modify(object("b", "10.244.1.0/24", "172.18.0.7"))
	k.expect(t, "set 10.244.1.0/24 172.18.0.7")
	source.Delete(object("b", "10.244.1.0/24", "172.18.0.7"))
	k.expect(t, "remove 10.244.1.0/24")

	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, conflistName))
	if err != nil || !strings.Contains(string(text), "10.244.0.0/24") {
		t.Errorf("the configuration: %s, %v", text, err)
	}
	if k.walls != 1 {
		t.Errorf("the rules were written %d times, want once for one pod range", k.walls)
	}
}

// A pod that starts before the Service network does begins with failures.
func TestNoPodsBeforeServices(t *testing.T) {
	dir := t.TempDir()
	k := &fakeKernel{ops: make(chan string, 10)}
	a := &agent{cfg: config{node: "self", cniDir: dir}, log: slog.New(slog.DiscardHandler), kernel: k}
	nodes := []node{{"self", prefixes("10.244.0.0/24"), addresses("172.18.0.2")}}
	for _, open := range []bool{false, true} {
		a.open = open
		if err := a.reconcile(nodes); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, conflistName)); (err == nil) != open {
			t.Errorf("services %v: the configuration: %v", open, err)
		}
	}
	if k.walls != 1 {
		t.Errorf("the rules were written %d times: they come before the pods, and once", k.walls)
	}
}

package controlplane

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

func testPlan(t *testing.T) Plan {
	t.Helper()
	dir := t.TempDir()
	return Plan{
		Name: "c", Folder: dir, Ports: Ports{1, 2, 3, 4, 5}, Stages: filepath.Join(dir, "stages.yaml"), NodeSelector: "a=b",
		Programs: map[string]string{Etcd: "/e", APIServer: "/a", ControllerManager: "/m", Scheduler: "/s", KWOK: "/k"},
	}
}

func flagsOf(t *testing.T, p Plan, component string) map[string]string {
	t.Helper()
	for _, c := range p.Components() {
		if c.Name != component {
			continue
		}
		flags := map[string]string{}
		for _, arg := range c.Args {
			name, value, found := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
			if !found {
				t.Errorf("%s has the argument %q without a value", component, arg)
			}
			flags[name] = value
		}
		return flags
	}
	t.Fatalf("no component %s", component)
	return nil
}

func TestEveryFileThatIsNamedIsThere(t *testing.T) {
	t.Parallel()
	p := testPlan(t)
	if err := p.Write(time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Components() {
		if c.Exe == "" {
			t.Errorf("%s has no program", c.Name)
		}
		for flag, value := range flagsOf(t, p, c.Name) {
			if !strings.HasPrefix(value, p.Folder) || value == p.Stages || flag == "audit-log-path" {
				continue
			}
			info, err := os.Stat(value)
			if err != nil {
				t.Errorf("%s --%s: %v", c.Name, flag, err)
			} else if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s can be read by others", value)
			}
		}
	}
}

func TestNothingIsInsecure(t *testing.T) {
	t.Parallel()
	p := testPlan(t)
	for _, c := range p.Components() {
		for flag, value := range flagsOf(t, p, c.Name) {
			if strings.Contains(flag, "insecure") || strings.HasPrefix(value, "http://") || value == "0.0.0.0" || value == "AlwaysAllow" {
				t.Errorf("%s has --%s=%s", c.Name, flag, value)
			}
		}
	}
	for component, want := range map[string]map[string]string{
		APIServer:         {"authorization-mode": "Node,RBAC", "enable-admission-plugins": "NodeRestriction", "bind-address": Address},
		ControllerManager: {"use-service-account-credentials": "true", "bind-address": Address},
		Scheduler:         {"bind-address": Address},
		Etcd:              {"client-cert-auth": "true", "peer-client-cert-auth": "true"},
	} {
		got := flagsOf(t, p, component)
		for flag, value := range want {
			if got[flag] != value {
				t.Errorf("%s has --%s=%q, want %q", component, flag, got[flag], value)
			}
		}
	}
}

func TestControllersAreHandedOn(t *testing.T) {
	t.Parallel()
	p := testPlan(t)
	if _, has := flagsOf(t, p, ControllerManager)["controllers"]; has {
		t.Error("controllers are named though nobody did")
	}
	p.Controllers = "*,-daemonset-controller"
	if got := flagsOf(t, p, ControllerManager)["controllers"]; got != p.Controllers {
		t.Errorf("controllers are %q", got)
	}
}

func TestNodesByTheThousandHaveLongerLeases(t *testing.T) {
	for nodes, want := range map[int][2]string{1001: {"40", ""}, 5001: {"200", "3m30s"}} {
		p := testPlan(t)
		p.Nodes = nodes
		got := [2]string{flagsOf(t, p, KWOK)["node-lease-duration-seconds"], flagsOf(t, p, ControllerManager)["node-monitor-grace-period"]}
		if got != want {
			t.Errorf("%d nodes: %q, want %q", nodes, got, want)
		}
	}
}

func TestKubeconfigsHoldAllTheyNeed(t *testing.T) {
	t.Parallel()
	p := testPlan(t)
	if err := p.Write(time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, user := range users() {
		config, err := clientcmd.LoadFromFile(p.kubeconfig(user))
		if err != nil {
			t.Fatal(err)
		}
		client, err := clientcmd.NewDefaultClientConfig(*config, nil).ClientConfig()
		if err != nil || client.Host != "https://127.0.0.1:3" || len(client.CertData) == 0 || len(client.KeyData) == 0 || len(client.CAData) == 0 {
			t.Errorf("%s: %+v, %v", user, client, err)
		}
	}
}

func TestFreePorts(t *testing.T) {
	t.Parallel()
	taken := map[int]bool{}
	for port := firstPort; port <= lastPort; port++ {
		taken[port] = port%8 != 0
	}
	p, err := FreePorts(t.Context(), taken)
	if err != nil {
		t.Fatal(err)
	}
	if p.EtcdClient == 0 || p.EtcdPeer == 0 || p.APIServer == 0 || p.ControllerManager == 0 || p.Scheduler == 0 {
		t.Errorf("ports %+v", p)
	}
	for _, port := range p.All() {
		if taken[port] {
			t.Errorf("port %d of %+v is taken, or there twice", port, p)
		}
		taken[port] = true
	}
}

func TestNoPortIsFree(t *testing.T) {
	t.Parallel()
	taken := map[int]bool{}
	for port := firstPort; port <= lastPort; port++ {
		taken[port] = true
	}
	if p, err := FreePorts(t.Context(), taken); err == nil || !strings.Contains(err.Error(), "is another cluster's") {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestOnlyKubeletsRights(t *testing.T) {
	t.Parallel()
	for _, rule := range kubeletRules() {
		for _, verb := range append(rule.Verbs, rule.Resources...) {
			if verb == "*" {
				t.Errorf("the simulated kubelets may do everything: %+v", rule)
			}
		}
	}
}

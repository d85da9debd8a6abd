package kind

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/internal/exit"
)

func TestOptionsRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		o    Options
		says string
	}{
		{"capitals", Options{Name: "Big"}, "lower-case"},
		{"leading dash", Options{Name: "-a"}, "both ends"},
		{"too long", Options{Name: strings.Repeat("a", 41)}, "at most 40"},
		{"workers", Options{Workers: -2}, "0 or more"},
		{"control planes", Options{ControlPlanes: -1}, "at least 1"},
		{"version malformed", Options{KubernetesVersion: "new"}, "looks like v1.37.2"},
		{"version too old", Options{KubernetesVersion: "v1.20.0"}, "too old"},
		{"controllers", Options{Controllers: "a b"}, "is a list such as"},
		{"named topology", Options{Topology: []clusters.NodeSpec{{Name: "x"}}}, "kind names"},
		{"control plane in topology", Options{Topology: []clusters.NodeSpec{{Role: clusters.RoleControlPlane}}}, "describes workers"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			wantClass(t, tc.o.Check(), exit.Usage, tc.says)
		})
	}
}

func TestOptionsDefaults(t *testing.T) {
	t.Parallel()
	o, err := Options{Engine: fakeEngine{}, NodeImage: "i", StateDir: t.TempDir()}.complete()
	if err != nil {
		t.Fatal(err)
	}
	if o.Name != DefaultName || o.ControlPlanes != 1 || o.Workers != 3 || len(o.Topology) != 3 || o.Timeouts != clusters.DefaultTimeouts() {
		t.Errorf("unexpected defaults: %+v", o)
	}
	if o, err = (Options{Engine: fakeEngine{}, NodeImage: "i", Workers: NoWorkers, StateDir: t.TempDir()}).complete(); err != nil || o.Workers != 0 {
		t.Errorf("NoWorkers gave %d workers, %v", o.Workers, err)
	}
}

func TestDefaultTopologyHasWhatSpecsAskFor(t *testing.T) {
	t.Parallel()
	zones, tainted := map[string]bool{}, 0
	count := map[string]int{}
	for _, n := range clusters.DefaultTopology(3) {
		zones[n.Labels[corev1.LabelTopologyZone]] = true
		for k, v := range n.Labels {
			if !registrableLabel(k) {
				t.Errorf("a kubelet would not start with label %s", k)
			}
			count[k+"="+v]++
		}
		for _, taint := range n.Taints {
			if taint.ToString() != "maintenance=true:NoSchedule" {
				t.Errorf("unexpected taint %s", taint.ToString())
			}
			tainted++
		}
	}
	if len(zones) != 3 || tainted != 1 {
		t.Errorf("%d zones, %d tainted workers: want 3 and 1", len(zones), tainted)
	}
	for _, want := range []string{"storage-type=ssd", "zone=production", "node-type=edge", "node-type=gateway", "accelerator=nvidia-tesla-k80", "network-speed=high"} {
		if count[want] != 1 {
			t.Errorf("label %s is on %d workers, want one", want, count[want])
		}
	}
}

func TestSplitLabels(t *testing.T) {
	t.Parallel()
	for key, registrable := range map[string]bool{
		"a":                              true,
		"example.com/a":                  true,
		"topology.kubernetes.io/zone":    true,
		"kubernetes.io/hostname":         true,
		"node.kubernetes.io/x":           true,
		"sub.node.kubernetes.io/x":       true,
		"node-role.kubernetes.io/worker": false,
		"kubernetes.io/x":                false,
		"k8s.io/x":                       false,
		"my.k8s.io/x":                    false,
		"notkubernetes.io/x":             true,
	} {
		reg, api := splitLabels(map[string]string{key: "v"})
		if (len(reg) == 1) != registrable || len(reg)+len(api) != 1 {
			t.Errorf("%s: registrable %v, via API %v; want registrable=%v", key, reg, api, registrable)
		}
	}
}

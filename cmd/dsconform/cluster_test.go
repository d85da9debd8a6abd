package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/dsconform/dsconform/clusters/kind"
	"github.com/dsconform/dsconform/clusters/sim"
	"github.com/dsconform/dsconform/internal/exit"
)

func TestClusterCommandsRefuseWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ args, says string }{
		{"cluster nod", `"node"`},
		{"cluster node ad", `"add"`},
		{"cluster create --nonsense", "--nonsense"},
		{"cluster create more", "takes no arguments"},
		{"cluster create --workers -1", "must be 0 or more"},
		{"cluster create --control-planes 0", "must be 1 or more"},
		{"cluster create --name Bad_Name", "lower-case"},
		{"cluster create --kubernetes-version nonsense", "v1.37.2"},
		{"cluster create --controllers ,", "--controllers"},
		{"cluster create --provider nobody", "kind or sim"},
		{"cluster create --provider sim --nodes 0", "--nodes is 0"},
		{"cluster create --provider sim --nodes 1000000", "of memory"},
		{"cluster create --provider sim --workers 2", "say --nodes"},
		{"cluster create --provider sim --name Bad_Name", "lower-case"},
		{"cluster create --provider sim --kubernetes-version nonsense", "vMAJOR.MINOR.PATCH"},
		{"cluster create --provider sim --controllers ,", "--controllers"},
		{"cluster create --provider sim --binaries-dir /nonexistent", "is no folder"},
		{"cluster create --provider sim --binaries-dir /etc", "no executable kube-apiserver"},
		{"cluster delete --provider nobody", "kind or sim"},
		{"run --cluster=sim --nodes 0", "--nodes is 0"},
		{"run --cluster=sim --kubeconfig x", "leave one of them out"},
		{"cluster node add a b", "one argument at most"},
		{"cluster node add --label a", "key=value"},
		{"cluster node add --label -a=b", "cannot be used"},
		{"cluster node add --label a=b --label a=c", "two values"},
		{"cluster node add --taint a=b", "key=value:NoSchedule"},
		{"cluster node add --taint a=b:Never", "NoSchedule, PreferNoSchedule or NoExecute"},
		{"cluster node stop", "exactly one argument"},
		{"cluster node pause --kubelet-only n", "--kubelet-only"},
		{"cluster load-image", "exactly one argument"},
		{"cluster logs", "exactly one argument"},
	} {
		t.Run(tc.args, func(t *testing.T) {
			t.Parallel()
			err := execute(t.Context(), strings.Fields(tc.args))
			if exit.Of(err) != exit.Usage {
				t.Fatalf("class %d: %v", exit.Of(err), err)
			}
			if !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q: want one line with %q", err, tc.says)
			}
		})
	}
}

func TestParseTaintsAndLabels(t *testing.T) {
	t.Parallel()
	taints, err := parseTaints([]string{"a=b:NoSchedule", "example.com/k:NoExecute"})
	if err != nil || len(taints) != 2 || taints[0].ToString() != "a=b:NoSchedule" || taints[1].ToString() != "example.com/k:NoExecute" {
		t.Errorf("taints %v, %v", taints, err)
	}
	labels, err := parseLabels([]string{"a=b", "example.com/k=", "a=b"})
	if err != nil || len(labels) != 2 || labels["a"] != "b" {
		t.Errorf("labels %v, %v", labels, err)
	}
}

func TestClusterFlagsBecomeOptions(t *testing.T) {
	t.Parallel()
	var f clusterFlags
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.register(fs)
	if err := fs.Parse(strings.Fields("--workers 0 --plain --retain --controllers *,-daemonset-controller --kubernetes-version 1.36.3")); err != nil {
		t.Fatal(err)
	}
	if err := f.check(); err != nil {
		t.Fatal(err)
	}
	o := f.options(nil, nil)
	if o.Name != kind.DefaultName || o.Workers != kind.NoWorkers || o.Topology == nil || len(o.Topology) != 0 || !o.Retain || o.Controllers != "*,-daemonset-controller" || o.Engine != nil {
		t.Errorf("options %+v", o)
	}
	if f.version != "v1.36.3" {
		t.Errorf("version %q", f.version)
	}
}

func TestListClusters(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	err := listClusters(&b, clusterLists{
		Kind: []kind.Info{
			{Name: "a", Ours: true, Phase: "ready", KubernetesVersion: "v1.37.2", Containers: 4, Kubeconfig: "/k"},
			{Name: "other", Containers: 1},
		},
		Sim: []sim.Info{{Name: "b", Phase: "dead", KubernetesVersion: "v1.36.3", Workers: 4, Kubeconfig: "/l"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `NAME   PROVIDER  STATE                  KUBERNETES  NODES  KUBECONFIG
a      kind      ready                  v1.37.2     4      /k
other  kind      not made by dsconform  -           1      -
b      sim       dead                   v1.36.3     5      /l
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

package sim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/internal/exit"
)

func TestOptionsThatCannotWork(t *testing.T) {
	t.Parallel()
	without := fakePrograms(t, nil)
	if err := os.Remove(filepath.Join(without, "kube-scheduler")); err != nil {
		t.Fatal(err)
	}
	for says, o := range map[string]Options{
		"lower-case":                   {Name: "Bad_Name"},
		"1 or more":                    {Workers: -2},
		"of memory":                    {Workers: 1_000_000},
		"vMAJOR.MINOR.PATCH":           {KubernetesVersion: "nonsense"},
		"too old":                      {KubernetesVersion: "v1.10.0"},
		"--controllers":                {Controllers: ","},
		"describes workers":            {Topology: []clusters.NodeSpec{{Role: clusters.RoleControlPlane}}},
		"is no folder":                 {BinariesDir: "/nonexistent"},
		"no executable kube-scheduler": {BinariesDir: without},
	} {
		err := o.Check()
		if exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v gives %v, want one line of class Usage with %q", o, err, says)
		}
	}
}

func TestOptionsDefaults(t *testing.T) {
	t.Parallel()
	o, err := Options{StateDir: t.TempDir()}.complete()
	if err != nil {
		t.Fatal(err)
	}
	if o.Name != DefaultName || o.Workers != DefaultWorkers || len(o.Topology) != DefaultWorkers || o.Executable == "" || o.Log == nil {
		t.Errorf("unexpected defaults: %+v", o)
	}
	if o, err = (Options{Workers: NoWorkers}).complete(); err != nil || o.Workers != 0 {
		t.Errorf("NoWorkers gave %d workers, %v", o.Workers, err)
	}
}

func TestProgramsOfAFolderAreTakenAsTheyAre(t *testing.T) {
	t.Parallel()
	o, err := Options{BinariesDir: fakePrograms(t, nil)}.complete()
	if err != nil {
		t.Fatal(err)
	}
	p, err := findPrograms(t.Context(), o)
	if err != nil || p.version != "v1.37.2" || len(p.paths) != 5 {
		t.Errorf("got %+v, %v", p, err)
	}
	o.KubernetesVersion = "v1.36.3"
	if _, err := findPrograms(t.Context(), o); exit.Of(err) != exit.Usage {
		t.Errorf("another version than asked for gives %v", err)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	mib, err := availableMemory("MemTotal:       24689764 kB\nMemAvailable:   20480000 kB\n")
	if err != nil || mib != 20000 {
		t.Errorf("got %d, %v", mib, err)
	}
	if _, err := availableMemory("MemTotal: 1 kB\n"); err == nil {
		t.Error("a system that does not tell is believed")
	}
	if most := mostWorkers(mib); most < 5000 || most > 20000 {
		t.Errorf("%d workers fit into %d MiB", most, mib)
	}
	if mostWorkers(100) != 0 {
		t.Error("workers fit where not even the control plane does")
	}
}

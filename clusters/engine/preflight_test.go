package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/clusters/steps"
)

func TestParseMeminfo(t *testing.T) {
	total, available, err := parseMeminfo(strings.NewReader("MemTotal:       24684032 kB\nMemFree:  1 kB\nMemAvailable:   20000000 kB\nHugePages_Total:  0\n"))
	if err != nil || total != 24684032<<10 || available != 20000000<<10 {
		t.Errorf("parseMeminfo = %d, %d, %v", total, available, err)
	}
	for name, text := range map[string]string{"none": "", "half": "MemTotal: 5 kB\n", "no number": "MemTotal: much kB\nMemAvailable: 1 kB\n"} {
		if _, _, err := parseMeminfo(strings.NewReader(text)); err == nil {
			t.Errorf("%s: went well", name)
		}
	}
}

// kernel is a set of settings, of which some refuse to be changed.
type kernel struct {
	values  map[string]int
	refuses map[string]bool
	deaf    map[string]bool
}

func (k kernel) GetSysctl(name string) (int, error) {
	v, ok := k.values[name]
	if !ok {
		return 0, fs.ErrNotExist
	}
	return v, nil
}

func (k kernel) SetSysctl(name string, v int) error {
	if k.refuses[name] {
		return errors.New("permission denied")
	}
	if !k.deaf[name] {
		k.values[name] = v
	}
	return nil
}

func TestRaise(t *testing.T) {
	k := kernel{
		values:  map[string]int{"low": 128, "high": 1024, "exact": 0, "refused": 1, "deaf": 1, "nodes": 0},
		refuses: map[string]bool{"refused": true, "nodes": true},
		deaf:    map[string]bool{"deaf": true},
	}
	got := raise(k, []Setting{
		{Name: "low", Want: 512, AtLeast: true}, {Name: "high", Want: 512, AtLeast: true}, {Name: "exact", Want: 1},
		{Name: "refused", Want: 512, AtLeast: true}, {Name: "deaf", Want: 5, AtLeast: true}, {Name: "nodes", Want: 1, ByNodes: true},
		{Name: "unknown to this kernel", Want: 1},
	})
	want := map[string]struct {
		was, is int
		ok      bool
	}{
		"low": {128, 512, true}, "high": {1024, 1024, true}, "exact": {0, 1, true},
		"refused": {1, 1, false}, "deaf": {1, 1, false}, "nodes": {0, 0, false},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d settings, want %d: %+v", len(got), len(want), got)
	}
	for _, s := range got {
		if w := want[s.Name]; s.Was != w.was || s.Is != w.is || s.OK() != w.ok {
			t.Errorf("%+v, ok %v; want %+v", s, s.OK(), w)
		}
	}
	warnings := Report{Cores: 4, Settings: got}.Warnings()
	if len(warnings) != 2 || !strings.Contains(warnings[0], "refused is 1") || !strings.Contains(warnings[0], "permission denied") ||
		!strings.Contains(warnings[0], "sysctl -w refused=512") || !strings.Contains(warnings[1], "deaf is 1") {
		t.Errorf("want a warning each for what nodes cannot set themselves, got %q", warnings)
	}
}

func TestReportIsOneLine(t *testing.T) {
	r := Report{
		Cores: 2, MemoryTotal: 8 << 30, MemoryAvailable: 1 << 30, DiskDir: "/d", DiskFree: 20 << 30, CgroupVersion: 1,
		Settings: []Setting{{Name: inotifyInstances, Was: 128, Is: 512, Want: 512}, {Name: inotifyWatches, Was: 9, Is: 9}},
	}
	const want = "2 cores, 1.0 GiB of 8.0 GiB memory available, 20.0 GiB free at /d, cgroup v1, no CAP_SYS_RESOURCE, set fs.inotify.max_user_instances 512 (was 128)"
	if got := r.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if w := (Report{Cores: 1, MemoryTotal: 8 << 30, MemoryAvailable: 1 << 30}).Warnings(); len(w) != 2 {
		t.Errorf("want a warning for the core and one for the memory, got %q", w)
	}
}

func TestExisting(t *testing.T) {
	dir := t.TempDir()
	if got := existing(filepath.Join(dir, "not", "yet")); got != dir {
		t.Errorf("existing = %s, want %s", got, dir)
	}
}

func TestPreflightLooksAtThisMachine(t *testing.T) {
	var out strings.Builder
	r, err := Preflight(t.Context(), t.TempDir(), steps.New(&out))
	if err != nil && r.DiskFree >= MinDiskFree {
		t.Fatal(err)
	}
	if r.Cores == 0 || r.DiskFree == 0 || !strings.Contains(out.String(), r.String()) {
		t.Errorf("%+v, shown as %q", r, out.String())
	}
	if _, err := os.Stat("/sys/fs/cgroup"); err == nil && r.CgroupVersion == 0 {
		t.Error("cgroups are mounted, but of no version")
	}
}

package probe

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestCgroupMount(t *testing.T) {
	const (
		v1cpu     = "30 29 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
		v1systemd = "31 29 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
		hybrid    = "32 29 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
		v2        = "33 29 0:29 / /sys/fs/cgroup rw,nosuid shared:3 - cgroup2 cgroup rw,nsdelegate\n"
		other     = "34 29 0:30 / /tmp rw - tmpfs tmpfs rw\nnonsense\n"
	)
	for name, tc := range map[string]struct{ given, want string }{
		"v2":            {other + v2, "/sys/fs/cgroup"},
		"v1":            {v1cpu + v1systemd + hybrid, "/sys/fs/cgroup/systemd"},
		"no systemd":    {v1cpu + other, "/sys/fs/cgroup/cpu"},
		"none is there": {other, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := cgroupMount(strings.NewReader(tc.given))
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("cgroupMount = %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestMainWantsOneNonce(t *testing.T) {
	var out, errs bytes.Buffer
	if code := Main([]string{Name}, &out, &errs); code != 2 || out.Len() > 0 {
		t.Errorf("Main = %d with %q; want 2 and no word", code, out.String())
	}
}

func TestWordDependsOnTheNonce(t *testing.T) {
	if Word("a") == Word("b") {
		t.Error("an old answer would be taken for a new one")
	}
}

func TestWriteArchive(t *testing.T) {
	const program = "/bin/sh"
	if _, err := linkedWith(program); err != nil {
		t.Skipf("%s: %v", program, err)
	}
	path := filepath.Join(t.TempDir(), "image.tar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err = WriteArchive(f, "localhost/test/probe:x", program); err != nil {
		t.Fatal(err)
	}
	if err = f.Close(); err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(config.Config.Entrypoint, []string{"/" + Name}) || config.OS != "linux" {
		t.Errorf("image runs %v on %s", config.Config.Entrypoint, config.OS)
	}
	root := mutate.Extract(image)
	defer func() { _ = root.Close() }()
	b, err := io.ReadAll(root)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, content) {
		t.Error("the program is not in the image as it is")
	}
}

func TestLinkedWith(t *testing.T) {
	const dynamic = "/bin/sh" // of every Debian and Ubuntu
	files, err := linkedWith(dynamic)
	if err != nil {
		t.Skipf("%s: %v", dynamic, err)
	}
	if !slices.ContainsFunc(files, func(f string) bool { return strings.HasPrefix(filepath.Base(f), "ld-linux") }) ||
		!slices.ContainsFunc(files, func(f string) bool { return filepath.Base(f) == "libc.so.6" }) {
		t.Errorf("%s needs its loader and libc, got %v", dynamic, files)
	}
	if _, err := linkedWith(os.DevNull); err == nil {
		t.Error("what is no program was taken for one")
	}
}

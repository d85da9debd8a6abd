package rootfs

import (
	"archive/tar"
	"debug/elf"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pack writes a tar archive of regular files (content) and links ("-> target").
func pack(t *testing.T, files map[string]string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rootfs.tar")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	tw := tar.NewWriter(f)
	dirs := map[string]bool{}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	put := func(h *tar.Header, content string) {
		h.Size = int64(len(content))
		if err := tw.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(tw, content); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		for dir := path.Dir(name); dir != "." && !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
			put(&tar.Header{Typeflag: tar.TypeDir, Name: "./" + dir + "/", Mode: 0o755}, "")
		}
		if target, ok := strings.CutPrefix(files[name], "-> "); ok {
			put(&tar.Header{Typeflag: tar.TypeSymlink, Name: "./" + name, Linkname: target}, "")
			continue
		}
		put(&tar.Header{Typeflag: tar.TypeReg, Name: "./" + name, Mode: 0o755}, files[name])
	}
	if err := errors.Join(tw.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return file
}

func open(t *testing.T, files map[string]string) *Index {
	t.Helper()
	x, err := Open(pack(t, files))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() })
	return x
}

func paths(found []Found) string {
	var out []string
	for _, f := range found {
		if f.Link != "" {
			out = append(out, f.Path+"->"+f.Link)
		} else {
			out = append(out, f.Path)
		}
	}
	return strings.Join(out, " ")
}

func TestClosureFollowsLinks(t *testing.T) {
	x := open(t, map[string]string{
		"bin": "-> usr/bin", "usr/bin/sh": "-> dash", "usr/bin/dash": "shell", "usr/bin/other": "x",
		"etc/alternatives/tool": "-> /usr/bin/dash", "usr/bin/tool": "-> /etc/alternatives/tool",
	})
	for name, want := range map[string]string{
		"/bin/sh":      "bin->usr/bin usr/bin/dash usr/bin/sh->dash",
		"usr/bin/tool": "etc/alternatives/tool->/usr/bin/dash usr/bin/dash usr/bin/tool->/etc/alternatives/tool",
	} {
		got, err := x.Closure(name)
		if err != nil || paths(got) != want {
			t.Errorf("Closure(%s) = %s, %v; want %s", name, paths(got), err, want)
		}
	}
	got, err := x.Closure("usr/bin/dash")
	if err != nil || string(got[0].Content) != "shell" || got[0].Mode != 0o755 {
		t.Errorf("the file itself: %+v, %v", got, err)
	}
	if got := x.Under("usr/bin"); strings.Join(got, " ") != "usr/bin/dash usr/bin/other usr/bin/sh usr/bin/tool" {
		t.Errorf("Under: %v", got)
	}
}

func TestClosureErrors(t *testing.T) {
	x := open(t, map[string]string{"a": "-> b", "b": "-> a", "usr/dir/file": "x", "dangling": "-> nowhere"})
	for name, want := range map[string]string{
		"a": "too many links", "usr/dir": "not a regular file", "nowhere": "not in the root file system", "dangling": "not in the root file system",
	} {
		if _, err := x.Closure(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Closure(%s): error %v, want %q", name, err, want)
		}
	}
}

// A program of this machine stands for one of the root file system: what it is
// linked with is known from the program itself.
func TestClosureFindsLibraries(t *testing.T) {
	program, err := os.ReadFile("/bin/ls")
	if err != nil {
		t.Skip("no /bin/ls on this machine")
	}
	f, err := elf.NewFile(strings.NewReader(string(program)))
	if err != nil {
		t.Skip("/bin/ls is not ELF")
	}
	libs, err := f.ImportedLibraries()
	if err != nil || len(libs) == 0 {
		t.Skip("/bin/ls is linked statically")
	}
	files := map[string]string{"bin/ls": string(program)}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			loader, rerr := io.ReadAll(p.Open())
			if rerr != nil {
				t.Fatal(rerr)
			}
			files[clean(strings.TrimRight(string(loader), "\x00"))] = "loader"
		}
	}
	for _, lib := range libs {
		files["usr/lib/x86_64-linux-gnu/"+lib] = "library"
	}
	got, err := open(t, files).Closure("bin/ls")
	if err != nil || len(got) != len(files) {
		t.Errorf("found %s, %v; want all of %d files", paths(got), err, len(files))
	}
	delete(files, "usr/lib/x86_64-linux-gnu/"+libs[0])
	if _, err := open(t, files).Closure("bin/ls"); err == nil || !strings.Contains(err.Error(), "bin/ls needs "+libs[0]) {
		t.Errorf("without %s: error %v", libs[0], err)
	}
}

func TestTrim(t *testing.T) {
	gone := []string{
		"dev/null", "var/cache/apt/x", "var/lib/apt/lists/x", "var/lib/dpkg/info/x.list", "var/log/dpkg.log",
		"usr/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
		"lib/systemd/system/multi-user.target.wants/getty.target",
		"usr/lib/systemd/system/sockets.target.wants/systemd-udevd-control.socket",
		"etc/systemd/system/timers.target.wants/apt-daily.timer",
	}
	kept := []string{
		"usr/bin/bash", "var/lib/dpkg/status", "etc/machine-id",
		"usr/lib/systemd/system/sysinit.target.wants/systemd-sysctl.service",
		"usr/lib/systemd/system/sockets.target.wants/systemd-journald.socket",
		"etc/systemd/system/x.service",
	}
	files := map[string]string{}
	for _, name := range append(slices.Clone(gone), kept...) {
		files[name] = name
	}
	to := filepath.Join(t.TempDir(), "out.tar")
	if err := trim(t.Context(), pack(t, files), to); err != nil {
		t.Fatal(err)
	}
	x, err := Open(to)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = x.Close() }()
	for _, name := range gone {
		if _, ok := x.entries[name]; ok {
			t.Errorf("%s is still there", name)
		}
	}
	got, err := x.Closure(kept...)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range got {
		if string(f.Content) != f.Path {
			t.Errorf("%s has the content %q", f.Path, f.Content)
		}
	}
}

func TestLastError(t *testing.T) {
	out := "I: running apt-get update...\nE: apt-get update failed\n"
	if got := lastError(out); got != "apt-get update failed" {
		t.Errorf("got %q", got)
	}
}

func TestNameFollowsTheArchitecture(t *testing.T) {
	key := func(v any) string { return v.([]any)[2].(string) }
	if Name(key, "amd64") == Name(key, "arm64") {
		t.Error("the root file systems of two architectures share a name")
	}
}

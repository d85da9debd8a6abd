package host

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCgroupDirs(t *testing.T) {
	root := t.TempDir()
	for _, d := range []string{"cpu/mine/sub", "memory/mine", "memory/other", "unified"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	got, err := cgroupDirs(root, "/mine")
	if want := []string{filepath.Join(root, "cpu/mine"), filepath.Join(root, "memory/mine")}; err != nil || !slices.Equal(got, want) {
		t.Errorf("cgroupDirs = %v, %v; want %v", got, err, want)
	}
	for _, name := range []string{"", "/", ".", "/a/.."} {
		if got, err := cgroupDirs(root, name); err == nil {
			t.Errorf("cgroupDirs(%q) = %v: the root must never be ended", name, got)
		}
	}
}

func TestRemoveCgroup(t *testing.T) {
	root := t.TempDir()
	top := filepath.Join(root, "mine")
	if err := os.MkdirAll(filepath.Join(top, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := removeCgroup(top); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) > 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestUnmountUnder(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	root := t.TempDir()
	for _, d := range []string{"a", "a/b", "ab"} {
		dir := filepath.Join(root, d)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("test", dir, "tmpfs", 0, "size=64k"); err != nil {
			t.Skipf("no mounting here: %v", err)
		}
		t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	}
	if err := UnmountUnder(filepath.Join(root, "a")); err != nil {
		t.Fatal(err)
	}
	got, err := MountsUnder(root)
	if want := []string{filepath.Join(root, "ab")}; err != nil || !slices.Equal(got, want) {
		t.Errorf("mounts left = %v, %v; want only the neighbour %v", got, err, want)
	}
}

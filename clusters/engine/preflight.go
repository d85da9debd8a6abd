package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/dsconform/dsconform/clusters/engine/ociwrap"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// MinDiskFree is the free space in bytes that composing a node image and
// running a cluster on it need.
const MinDiskFree = 10 << 30

// Preflight looks at whether this machine can carry a cluster whose data go
// below dir, raises the kernel settings that clusters are known to run short
// of, and notes the result in one line, and one more for each thing that may
// do harm. Only a disk too full is an error, of class Environment. On systems
// other than Linux the nodes run in a machine of their own, and only cores and
// disk are looked at.
func Preflight(ctx context.Context, dir string, log *steps.Log) (Report, error) {
	log = logOr(log)
	if err := context.Cause(ctx); err != nil {
		return Report{}, exit.Environmentf("look at this machine: %w", err)
	}
	r := Report{Cores: runtime.NumCPU(), DiskDir: existing(dir)}
	var err error
	if r.DiskFree, err = diskFree(r.DiskDir); err != nil {
		return r, exit.Environmentf("ask for the free space at %s: %w", r.DiskDir, err)
	}
	if runtime.GOOS == "linux" {
		if err := r.linux(); err != nil {
			return r, exit.Environmentf("look at this machine: %w", err)
		}
	}
	log.Notef("this machine: %s", r)
	for _, w := range r.Warnings() {
		log.Notef("%s", w)
	}
	if r.DiskFree < MinDiskFree {
		return r, exit.Environmentf("the disk at %s is too full: %s free, at least %s needed; make room, or choose another place by XDG_CACHE_HOME",
			r.DiskDir, gib(r.DiskFree), gib(MinDiskFree))
	}
	return r, nil
}

// linux fills in what only Linux tells.
func (r *Report) linux() error {
	missing, err := ociwrap.MissingCapabilities()
	if err != nil {
		return err
	}
	r.SysResource = !missing["CAP_SYS_RESOURCE"]
	if r.CgroupVersion, err = cgroupVersion("/sys/fs/cgroup"); err != nil {
		return err
	}
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if r.MemoryTotal, r.MemoryAvailable, err = parseMeminfo(f); err != nil {
		return err
	}
	r.Settings = raise(procSysctl(), wantedSettings())
	return nil
}

// existing is the nearest folder above dir, or dir itself, that is there.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

func diskFree(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}

// cgroup2Magic marks the file system of cgroup v2 (statfs(2)).
const cgroup2Magic = 0x63677270

func cgroupVersion(root string) (int, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(root, &s); err != nil {
		return 0, fmt.Errorf("look at %s: %w", root, err)
	}
	if uint64(s.Type) == cgroup2Magic {
		return 2, nil
	}
	return 1, nil
}

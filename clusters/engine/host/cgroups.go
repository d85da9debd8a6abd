package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// CgroupRoot is where cgroups are mounted on every current distribution.
const CgroupRoot = "/sys/fs/cgroup"

// EndCgroup kills every process in the cgroup of the given name (relative to
// the root, in each hierarchy that has it) and in those within it, and removes
// them. A cgroup that does not exist is no error.
func EndCgroup(ctx context.Context, name string) error {
	tops, err := cgroupDirs(CgroupRoot, name)
	if err != nil {
		return err
	}
	// A process may have started another while it was being killed.
	for pass, alive := 0, 1; alive > 0; pass++ {
		if pass == maxPasses {
			return fmt.Errorf("end the cgroup %s: it still starts processes after %d passes", name, maxPasses)
		}
		alive = 0
		for _, top := range tops {
			n, err := killCgroup(ctx, top)
			if err != nil {
				return err
			}
			alive += n
		}
	}
	var errs []error
	for _, top := range tops {
		errs = append(errs, removeCgroup(top))
	}
	return errors.Join(errs...)
}

// cgroupDirs finds the cgroup in the unified hierarchy (v2) and in each of the
// separate ones (v1), which are mounted one level deeper.
func cgroupDirs(root, name string) ([]string, error) {
	name = strings.Trim(filepath.Clean("/"+name), "/")
	if name == "" {
		return nil, errors.New("the root cgroup is not to be ended")
	}
	var dirs []string
	for _, pattern := range []string{root, filepath.Join(root, "*")} {
		// Glob fails on a bad pattern only, and ours is a constant's.
		bases, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, base := range bases {
			dir := filepath.Join(base, name)
			if info, err := os.Lstat(dir); err == nil && info.IsDir() {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs, nil
}

// maxPasses is more than any cgroup needs whose processes do not fork without end.
const maxPasses = 20

// killCgroup kills what is in the cgroup and those within it, and tells how many processes that were.
func killCgroup(ctx context.Context, top string) (int, error) {
	killed := 0
	err := walkCgroups(top, func(dir string) error {
		b, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		if err != nil {
			return nil // gone meanwhile, or threaded: its processes are listed further up
		}
		for line := range strings.FieldsSeq(string(b)) {
			pid, err := strconv.Atoi(line)
			if err != nil || pid <= 0 {
				continue
			}
			p, err := Identify(pid)
			if err != nil || !p.Alive() {
				continue
			}
			killed++
			if err := p.Kill(ctx); err != nil {
				return fmt.Errorf("empty the cgroup %s: %w", dir, err)
			}
		}
		return nil
	})
	return killed, err
}

func removeCgroup(top string) error {
	var dirs []string
	if err := walkCgroups(top, func(dir string) error { dirs = append(dirs, dir); return nil }); err != nil {
		return err
	}
	slices.Reverse(dirs) // the innermost first
	for _, dir := range dirs {
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the cgroup: %w", err)
		}
	}
	return nil
}

func walkCgroups(top string, visit func(dir string) error) error {
	return filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.IsDir() {
			return err
		}
		return visit(path)
	})
}

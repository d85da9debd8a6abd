package probe

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Word is what the program answers to the nonce it is given, and nothing else
// on the machine says.
func Word(nonce string) string { return "dsconform-probe: privileged " + nonce }

// Main is the program inside the container. It does what a node has to: mount
// a file system, and make a cgroup. args holds its name and the nonce. It
// returns the exit code; what failed stands on stderr.
func Main(args []string, stdout, stderr io.Writer) int {
	if len(args) != 2 {
		_, _ = fmt.Fprintln(stderr, "dsconform-probe: give one nonce")
		return 2 // the conventional code for wrong usage
	}
	if err := errors.Join(canMount(), canMakeCgroup("/proc/self/mountinfo")); err != nil {
		_, _ = fmt.Fprintln(stderr, "dsconform-probe:", strings.ReplaceAll(err.Error(), "\n", "; "))
		return 1
	}
	_, _ = fmt.Fprintln(stdout, Word(args[1]))
	return 0
}

func canMount() error {
	dir, err := os.MkdirTemp("/", "probe-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	if err = mountTmpfs(dir); err != nil {
		return fmt.Errorf("mount a tmpfs: %w", err)
	}
	err = os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600)
	if err = errors.Join(err, unix.Unmount(dir, 0)); err != nil {
		return fmt.Errorf("use a tmpfs: %w", err)
	}
	return nil
}

func canMakeCgroup(mountinfo string) error {
	f, err := os.Open(mountinfo)
	if err != nil {
		return fmt.Errorf("list mounts: %w", err)
	}
	defer func() { _ = f.Close() }()
	dir, err := cgroupMount(f)
	if err != nil {
		return err
	}
	sub := filepath.Join(dir, "dsconform-probe")
	if err := os.Mkdir(sub, 0o755); err != nil {
		return fmt.Errorf("make a cgroup: %w", err)
	}
	if err := os.Remove(sub); err != nil {
		return fmt.Errorf("remove a cgroup: %w", err)
	}
	return nil
}

// cgroupMount finds where the container may make cgroups: the unified
// hierarchy where it is the only one, else that of systemd, which is the node's
// init, else any.
func cgroupMount(mountinfo io.Reader) (string, error) {
	best, rank := "", 0
	for s := bufio.NewScanner(mountinfo); s.Scan(); {
		// proc_pid_mountinfo(5): ... (5) mount point ... - (9) type (10) source (11) options
		front, back, ok := strings.Cut(s.Text(), " - ")
		fields, kind := strings.Fields(front), strings.Fields(back)
		const mountPoint = 4
		if !ok || len(fields) <= mountPoint || len(kind) < 3 {
			continue
		}
		point, r := fields[mountPoint], 0
		switch {
		case kind[0] == "cgroup2" && filepath.Base(point) == "cgroup":
			r = 3
		case kind[0] == "cgroup" && strings.Contains(kind[2], "name=systemd"):
			r = 2
		case kind[0] == "cgroup" || kind[0] == "cgroup2":
			r = 1
		}
		if r > rank {
			best, rank = point, r
		}
	}
	if best == "" {
		return "", errors.New("no cgroup hierarchy is mounted in the container")
	}
	return best, nil
}

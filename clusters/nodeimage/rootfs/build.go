package rootfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Suite is the Debian release of the nodes. It is the last whose systemd (252)
// starts on hosts with cgroup v1; that of the next release refuses to.
const Suite = "bookworm"

// schema is raised by hand when archives made by this package differ from
// earlier ones in a way their packages do not show.
const schema = 2

// Packages are what a node carries beside the essential packages: an init,
// what the kubelet, kube-proxy and the CNI plugins call, what containerd calls,
// and what kind and people call on a node.
func Packages() []string {
	return []string{
		"systemd",
		"conntrack", "iptables", "nftables", "iproute2", "ethtool", "util-linux", "mount", "kmod", "e2fsprogs",
		"pigz",
		"bash", "ca-certificates", "procps",
	}
}

// Build makes the root file system of a node as a tar archive at path. It needs
// mmdebstrap, and root or unprivileged user namespaces. Its entries are dated
// epoch at the latest. The archive is whole or not there, also when ctx ends.
func Build(ctx context.Context, path string, epoch time.Time) error {
	full, part := path+".full.tar", path+".part"
	// mmdebstrap keeps its work in TMPDIR; one of our own can be removed after a
	// build that was cut off.
	work, err := os.MkdirTemp("", "dsconform-rootfs-")
	if err != nil {
		return fmt.Errorf("making a folder for mmdebstrap: %w", err)
	}
	defer func() { _ = os.RemoveAll(work); _ = os.Remove(full); _ = os.Remove(part) }()
	// apt's own user must be able to reach the files it downloads there.
	if err := os.Chmod(work, 0o755); err != nil {
		return fmt.Errorf("opening the folder for mmdebstrap: %w", err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "mmdebstrap", arguments(full)...)
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+strconv.FormatInt(epoch.Unix(), 10), "TMPDIR="+work)
	cmd.Stderr = &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// SIGINT makes mmdebstrap unmount and remove what it made.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 15 * time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("mmdebstrap was stopped: %w", context.Cause(ctx))
		}
		return fmt.Errorf("mmdebstrap %s: %s (%w)", Suite, lastError(stderr.String()), err)
	}
	if err := trim(ctx, full, part); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("putting the root file system in place: %w", err)
	}
	return nil
}

func arguments(target string) []string {
	args := []string{
		"--variant=essential",
		"--format=tar",
		"--include=" + strings.Join(Packages(), ","),
		`--aptopt=APT::Install-Recommends "false"`,
	}
	for _, dir := range []string{"doc", "man", "locale", "info", "lintian", "bug"} {
		args = append(args, "--dpkgopt=path-exclude=/usr/share/"+dir+"/*")
	}
	args = append(args, Suite, target)
	if source, ok := hostSources(); ok {
		args = append(args, source)
	}
	return args
}

// hostSources gives the host's own package sources if they are of Suite: they
// may name a mirror that can be reached where the usual ones cannot.
func hostSources() (string, bool) {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil || !strings.Contains(string(release), "VERSION_CODENAME="+Suite+"\n") {
		return "", false
	}
	for _, path := range []string{"/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"} {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			return path, true
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			continue
		}
	}
	return "", false
}

// lastError picks the line of mmdebstrap's output that says what went wrong.
func lastError(output string) string {
	text := ""
	for line := range strings.SplitSeq(output, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "E: ") || (text == "" && line != "") {
			text = strings.TrimPrefix(line, "E: ")
		}
	}
	return text
}

// Name is the file name the root file system is best kept under: it changes
// with everything that decides the archive but the packages' versions, which
// are the newest of Suite at the time it is made.
func Name(digest func(any) string, arch string) string {
	return "rootfs-" + digest([]any{schema, Suite, arch, Packages()}) + ".tar"
}

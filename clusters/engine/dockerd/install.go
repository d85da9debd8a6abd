package dockerd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dsconform/dsconform/clusters/engine/cli"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

const (
	// installLimit bounds the installation, its download included.
	installLimit = 8 * time.Minute
	// unpackLimit bounds its last part, which is not interrupted.
	unpackLimit = 4 * time.Minute
)

// sbin are folders that hold the daemon's helpers and that a user's PATH may lack.
func sbin() []string { return []string{"/usr/local/sbin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} }

// lookPath finds a program in PATH or among the system's own.
func lookPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	for _, dir := range sbin() {
		if at, failed := exec.LookPath(filepath.Join(dir, name)); failed == nil {
			return at, nil
		}
	}
	return "", err
}

// needs are the programs a private daemon cannot do without, and the Debian
// package of each. The first brings all others but, since Debian 13, the last.
func needs() []struct{ program, pkg string } {
	return []struct{ program, pkg string }{
		{"dockerd", "docker.io"},
		{"containerd", "containerd"},
		{"runc", "runc"},
		{"iptables", "iptables"},
		{"docker", "docker-cli"},
	}
}

// missing lists those needs that this machine lacks.
func missing() (programs, packages []string) {
	for _, n := range needs() {
		if _, err := lookPath(n.program); err != nil {
			programs, packages = append(programs, n.program), append(packages, n.pkg)
		}
	}
	return programs, packages
}

// ensureInstalled installs what is missing of the daemon's programs.
func ensureInstalled(ctx context.Context, log *steps.Log) error {
	programs, _ := missing()
	if len(programs) == 0 {
		return nil
	}
	if err := debianFamily("/etc/os-release"); err != nil {
		return exit.Environmentf("a private engine needs %s: %w", strings.Join(programs, ", "), err)
	}
	release, err := lockFile(ctx, installLock, func() {
		log.Notef("another process installs packages: waiting for it")
	})
	if err != nil {
		return exit.Environmentf("install the container engine: %w", err)
	}
	defer release()
	_, packages := missing() // the process waited for may have installed them
	if len(packages) == 0 {
		return nil
	}
	return log.Do(ctx, "Install the container engine", installLimit, func(ctx context.Context) error {
		return install(ctx, log, packages)
	})
}

func install(ctx context.Context, log *steps.Log, packages []string) error {
	if _, err := apt(ctx, "update"); err != nil {
		// The lists at hand may do; if not, the installation will say so.
		log.Notef("the package lists are not fresh: %v", err)
	}
	if i := slices.Index(packages, "docker-cli"); i >= 0 {
		// Up to Debian 12, and on Ubuntu, the command line is part of docker.io.
		if _, err := run(ctx, "apt-cache", "show", "docker-cli"); err != nil {
			packages[i] = "docker.io"
			slices.Sort(packages)
			packages = slices.Compact(packages)
		}
	}
	log.Notef("installing %s with apt-get; no system service is started", strings.Join(packages, " "))
	args := append([]string{"install", "--yes", "--no-install-recommends"}, packages...)
	if _, err := apt(ctx, append(args, "--download-only")...); err != nil {
		return exit.Environmentf("download %s: %w", strings.Join(packages, " "), err)
	}
	// Unpacking goes to its end whatever happens: half-done it would leave the
	// machine's package system in need of repair.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unpackLimit)
	defer cancel()
	restore, err := denyServices(policyFile)
	if err != nil {
		return err
	}
	_, err = apt(ctx, append(args, "--no-download")...)
	if err = errors.Join(err, restore()); err != nil {
		return exit.Environmentf("install %s: %w", strings.Join(packages, " "), err)
	}
	return nil
}

func apt(ctx context.Context, args ...string) (string, error) {
	return run(ctx, "apt-get", append([]string{"--quiet", "-o", "DPkg::Lock::Timeout=180"}, args...)...)
}

func run(ctx context.Context, name string, args ...string) (string, error) {
	c := cli.CLI{Name: name, Env: []string{"DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"}}
	cmd := c.Command(ctx, args...)
	ownGroup(cmd) // a Ctrl-C meant for us must not reach dpkg
	return cli.Run(ctx, cmd)
}

// debianFamily tells, as an error, why packages cannot be installed here.
func debianFamily(osRelease string) error {
	f, err := os.Open(osRelease)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("they are not installed, and this is neither Debian nor Ubuntu, where they would be")
	}
	if err != nil {
		return fmt.Errorf("they are not installed, and which system this is cannot be told: %w", err)
	}
	defer func() { _ = f.Close() }()
	name := "an unnamed system"
	for s := bufio.NewScanner(f); s.Scan(); {
		key, value, _ := strings.Cut(s.Text(), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID", "ID_LIKE":
			if slices.Contains(strings.Fields(value), "debian") {
				return nil
			}
		case "PRETTY_NAME":
			name = value
		}
	}
	return fmt.Errorf("they are not installed, and %s is neither Debian nor Ubuntu, where they would be; install them", name)
}

package nodeimage

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/dsconform/dsconform/internal/exit"
)

// tool is a program composing needs on this machine, and the Debian package it
// is in.
type tool struct {
	pkg     string
	present func(context.Context) bool
}

func onPath(name string) func(context.Context) bool {
	return func(context.Context) bool {
		_, err := exec.LookPath(name)
		return err == nil
	}
}

func tools() []tool {
	return []tool{
		{"mmdebstrap", onPath("mmdebstrap")},
		{"gcc", onPath("gcc")},
		{"libc6-dev", func(context.Context) bool { return exists("/usr/include/stdio.h") }},
		{"pkg-config", onPath("pkg-config")},
		{"libseccomp-dev", func(ctx context.Context) bool {
			return exec.CommandContext(ctx, "pkg-config", "--exists", "libseccomp").Run() == nil
		}},
		// Not on Debian's relatives: the keys mmdebstrap checks packages with.
		{"debian-archive-keyring", func(context.Context) bool { return exists("/usr/share/keyrings/debian-archive-keyring.gpg") }},
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// missingTools names the Debian packages of the tools that are not there.
func missingTools(ctx context.Context) []string {
	var missing []string
	for _, t := range tools() {
		if !t.present(ctx) {
			missing = append(missing, t.pkg)
		}
	}
	return missing
}

// installLimit bounds apt-get, with its update.
const installLimit = 10 * time.Minute

// ensureTools sees to it that what composing needs is installed.
func ensureTools(ctx context.Context, o Options) error {
	if _, err := exec.LookPath("go"); err != nil {
		return exit.Environmentf("composing a node image needs the go command, which is not on the PATH: install Go, or name an image that is in the engine")
	}
	missing := missingTools(ctx)
	if len(missing) == 0 {
		return nil
	}
	list := strings.Join(missing, " ")
	if !o.InstallPackages {
		return exit.Environmentf("composing a node image needs the Debian packages %s: apt-get install %s", strings.Join(missing, ", "), list)
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return exit.Environmentf("composing a node image needs the Debian packages %s, and installing them needs root and apt-get", strings.Join(missing, ", "))
	}
	o.Log.Notef("installing Debian packages for composing a node image: %s", list)
	return o.Log.Do(ctx, "install "+list, installLimit, func(ctx context.Context) error {
		for _, args := range [][]string{
			{"update"},
			slices.Concat([]string{"install", "--yes", "--no-install-recommends"}, missing),
		} {
			cmd := exec.CommandContext(ctx, "apt-get", args...)
			cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
			if out, err := cmd.CombinedOutput(); err != nil {
				return exit.Environmentf("apt-get %s: %w: %s", args[0], err, lastLine(string(out)))
			}
		}
		return nil
	})
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

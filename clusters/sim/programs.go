package sim

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/dsconform/dsconform/clusters/binaries"
	"github.com/dsconform/dsconform/clusters/sim/controlplane"
	"github.com/dsconform/dsconform/internal/exit"
)

// programs are the executables of a control plane by component.
type programs struct {
	paths   map[string]string
	version string
}

// kubernetesPrograms are the components that are parts of Kubernetes.
func kubernetesPrograms() []string {
	return []string{controlplane.APIServer, controlplane.ControllerManager, controlplane.Scheduler}
}

// checkBinariesDir refuses a folder without the programs of Kubernetes.
func checkBinariesDir(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return exit.Usagef("--binaries-dir %s is no folder", dir)
	}
	if err != nil {
		return exit.Environmentf("looking into --binaries-dir %s: %w", dir, err)
	}
	var missing []string
	for _, name := range kubernetesPrograms() {
		if !isProgram(filepath.Join(dir, name)) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return exit.Usagef("--binaries-dir %s holds no executable %s", dir, strings.Join(missing, ", "))
	}
	return nil
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// findPrograms gives the programs: those in BinariesDir, else those of the
// official release, the others built. What was tried is said in one line each.
func findPrograms(ctx context.Context, o Options) (programs, error) {
	out := programs{paths: map[string]string{}, version: o.KubernetesVersion}
	if o.BinariesDir != "" {
		for _, name := range controlplane.Names() {
			if path := filepath.Join(o.BinariesDir, name); isProgram(path) {
				out.paths[name] = path
			}
		}
		has, err := versionOf(ctx, out.paths[controlplane.APIServer])
		if err != nil {
			return out, err
		}
		if out.version != "" && out.version != has {
			return out, exit.Usagef("--binaries-dir %s holds Kubernetes %s, not %s", o.BinariesDir, has, out.version)
		}
		out.version = has
		o.Log.Notef("programs from %s: Kubernetes %s, %d of %d", o.BinariesDir, has, len(out.paths), len(controlplane.Names()))
	}
	if out.version == "" {
		out.version = binaries.DefaultKubernetes
	}
	builder, err := binaries.New(binaries.Options{Log: o.Log})
	if err != nil {
		return out, exit.Environmentf("%w", err)
	}
	if err = out.download(ctx, builder, o); err != nil {
		return out, err
	}
	return out, out.build(ctx, builder, o)
}

// download takes what is missing of Kubernetes from the official release, if
// the user says where that is and it can be had: all of it, or nothing.
func (p programs) download(ctx context.Context, builder *binaries.Builder, o Options) error {
	var missing []string
	for _, name := range kubernetesPrograms() {
		if p.paths[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if o.ReleaseURL == "" {
		o.Log.Notef("official release files of Kubernetes %s: not tried, for --release-url does not say where they are", p.version)
		return nil
	}
	found, err := builder.Release(ctx, o.ReleaseURL, p.version, missing...)
	if errors.Is(err, binaries.ErrNoRelease) && ctx.Err() == nil {
		o.Log.Notef("official release files of Kubernetes %s: %s; going on without them", p.version, err)
		return nil
	}
	if err != nil {
		return environment(err)
	}
	maps.Copy(p.paths, found)
	o.Log.Notef("official release files of Kubernetes %s, their checksums verified: %s", p.version, strings.Join(missing, ", "))
	return nil
}

// build builds what is missing, or finds it built.
func (p programs) build(ctx context.Context, builder *binaries.Builder, o Options) error {
	var wanted []binaries.Program
	var names []string
	for _, name := range controlplane.Names() {
		if p.paths[name] != "" {
			continue
		}
		names = append(names, name)
		switch name {
		case controlplane.Etcd:
			etcd, unknown := builder.EtcdFor(ctx, p.version)
			if unknown != nil {
				return environment(unknown)
			}
			wanted = append(wanted, etcd)
		case controlplane.KWOK:
			wanted = append(wanted, binaries.KWOK()...)
		default:
			wanted = append(wanted, binaries.Kubernetes(p.version, name)...)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	o.Log.Notef("programs built from Go modules, or found so built before: %s", strings.Join(names, ", "))
	built, err := builder.Build(ctx, wanted...)
	if err != nil {
		return environment(err)
	}
	for name, path := range built {
		p.paths[name] = path
	}
	return nil
}

// versionOf asks a program of Kubernetes for its version.
func versionOf(ctx context.Context, path string) (string, error) {
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return "", exit.Usagef("%s does not tell its version, is it a program for this machine? %w", path, err)
	}
	version, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "Kubernetes ")
	if !ok {
		return "", exit.Usagef("%s is no program of Kubernetes: it says %q", path, strings.TrimSpace(string(out)))
	}
	return version, nil
}

// environment classes an error that has no class yet.
func environment(err error) error {
	var classed *exit.Error
	if errors.As(err, &classed) && classed.Class != exit.Environment {
		return &exit.Error{Class: classed.Class, Err: err}
	}
	return exit.Environmentf("%w", err)
}

package binaries

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/dsconform/dsconform/internal/exit"
)

// CheckKubernetes reports whether a version that NormalizeKubernetes returned
// can be built: class Usage, naming the nearest versions known, if it is not on
// the module proxy; class Environment if the proxy cannot be asked.
func (b *Builder) CheckKubernetes(ctx context.Context, version string) error {
	_, err := b.ModuleDir(ctx, KubernetesModule, version)
	return err
}

// ModuleDir gives the folder with the source of a module, which is fetched if
// it is not there yet. Errors are those of Build.
func (b *Builder) ModuleDir(ctx context.Context, path, version string) (string, error) {
	scratch, err := os.MkdirTemp("", "dsconform-plan-")
	if err != nil {
		return "", fmt.Errorf("making a folder for the go command: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	m := module.Version{Path: path, Version: version}
	downloads, err := fetch(ctx, newGoTool(scratch), []module.Version{m})
	if err != nil {
		return "", err
	}
	return downloads[m].Dir, nil
}

// Fitting gives the version of a module to build where wanted is asked for:
// wanted itself if the proxy has it, else the newest of its minor version, else
// the oldest newer one, else the newest. Programs that read the same
// configuration from release to release, as etcd and CoreDNS do, may be newer
// than asked for; older ones may not know what they are told. The proxy keeps
// what someone has asked it for, not every release.
func (b *Builder) Fitting(ctx context.Context, path, wanted string) (string, error) {
	scratch, err := os.MkdirTemp("", "dsconform-plan-")
	if err != nil {
		return "", fmt.Errorf("making a folder for the go command: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	tool := newGoTool(scratch)
	m := module.Version{Path: path, Version: wanted}
	found, err := tool.downloadModules(ctx, m)
	if err != nil {
		return "", environment(ctx, err)
	}
	if found[m].Error == "" {
		return wanted, nil
	}
	known, err := tool.versions(ctx, path)
	if err != nil {
		return "", missing(ctx, tool, m, found[m].Error)
	}
	v := fitting(wanted, known)
	if v == "" {
		return "", missing(ctx, tool, m, found[m].Error)
	}
	return v, nil
}

// fitting picks from known by the rule of Builder.Fitting, "" if none is a release.
func fitting(wanted string, known []string) string {
	var same, above, newest string
	for _, v := range known {
		if !semver.IsValid(v) || semver.Prerelease(v) != "" {
			continue
		}
		if semver.MajorMinor(v) == semver.MajorMinor(wanted) && (same == "" || semver.Compare(v, same) > 0) {
			same = v
		}
		if semver.Compare(v, wanted) > 0 && (above == "" || semver.Compare(v, above) < 0) {
			above = v
		}
		if newest == "" || semver.Compare(v, newest) > 0 {
			newest = v
		}
	}
	return cmp.Or(same, above, newest)
}

// fetch downloads modules. A module that is not there is an error of class
// Usage if it is Kubernetes, whose version the user chose.
func fetch(ctx context.Context, tool goTool, mods []module.Version) (map[module.Version]download, error) {
	module.Sort(mods)
	mods = slices.Compact(mods)
	if len(mods) == 0 {
		return nil, nil
	}
	found, err := tool.downloadModules(ctx, mods...)
	if err != nil {
		return nil, environment(ctx, err)
	}
	for _, m := range mods {
		if d := found[m]; d.Error != "" {
			return nil, missing(ctx, tool, m, d.Error)
		}
	}
	return found, nil
}

// missing explains why a module could not be downloaded. Only the list of what
// the proxy does have tells a version that does not exist from a proxy that
// does not answer: their errors differ from proxy to proxy.
func missing(ctx context.Context, tool goTool, m module.Version, reason string) error {
	reason, _, _ = strings.Cut(reason, "\n")
	known, err := tool.versions(ctx, m.Path)
	if err != nil || slices.Contains(known, m.Version) {
		return exit.Environmentf("%s cannot be fetched from the Go module proxy: %s: check GOPROXY and the network", m, reason)
	}
	near := nearest(m.Version, known)
	if m.Path == KubernetesModule {
		return exit.Usagef("Kubernetes %s is not on the Go module proxy: the nearest known are %s", m.Version, strings.Join(near, " and "))
	}
	return exit.Environmentf("%s is not on the Go module proxy: the nearest known are %s", m, strings.Join(near, " and "))
}

// environment gives err the class Environment, unless it is the caller's own
// cancellation, which must stay recognizable.
func environment(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return exit.Environmentf("%w", err)
}

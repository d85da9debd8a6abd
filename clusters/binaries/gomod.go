package binaries

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// buildModule is the path of every generated module. It is part of no import.
const buildModule = "dsconform.dev/build"

// generateGoMod writes the go.mod of the module a program of origin is built
// in. Only the main module's replace, exclude and godebug directives count, so
// those of origin's own go.mod are carried over: the program is then built
// as its authors build it.
//
// A replacement by a folder cannot be carried over, for the proxy's archive of
// a module has no neighbours. Where the requirement it stands for is a real
// version (etcd) that version is used; where it is a placeholder (v0.0.0, as in
// k8s.io/kubernetes) the version published for it is, see stagingVersion.
func generateGoMod(origin module.Version, originGoMod []byte) (string, error) {
	file, err := modfile.Parse("go.mod", originGoMod, nil)
	if err != nil {
		return "", fmt.Errorf("reading the go.mod of %s: %w", origin, err)
	}
	required := map[string]string{}
	for _, r := range file.Require {
		required[r.Mod.Path] = r.Mod.Version
	}
	var b strings.Builder
	fmt.Fprintf(&b, "module %s\n", buildModule)
	if file.Go != nil {
		fmt.Fprintf(&b, "\ngo %s\n", file.Go.Version)
	}
	for _, g := range file.Godebug {
		fmt.Fprintf(&b, "\ngodebug %s=%s\n", g.Key, g.Value)
	}
	fmt.Fprintf(&b, "\nrequire %s %s\n", origin.Path, origin.Version)
	var lines []string
	for _, r := range file.Replace {
		line, err := carryReplace(origin, r, required[r.Old.Path])
		if err != nil {
			return "", err
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	for _, x := range file.Exclude {
		lines = append(lines, fmt.Sprintf("exclude %s %s", x.Mod.Path, x.Mod.Version))
	}
	slices.Sort(lines)
	for _, line := range lines {
		b.WriteString(line + "\n")
	}
	return b.String(), nil
}

func carryReplace(origin module.Version, r *modfile.Replace, required string) (string, error) {
	old := r.Old.Path
	if r.Old.Version != "" {
		old += " " + r.Old.Version
	}
	if r.New.Version != "" {
		return fmt.Sprintf("replace %s => %s %s", old, r.New.Path, r.New.Version), nil
	}
	if required != "" && required != "v0.0.0" {
		return "", nil
	}
	version, err := stagingVersion(origin.Version)
	if err != nil && required == "" {
		// Nothing asks for it: etcd points a module it must not use at a folder that is not there.
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("%s replaces %s by the folder %s: %w", origin, r.Old.Path, r.New.Path, err)
	}
	return fmt.Sprintf("replace %s => %s %s", old, r.Old.Path, version), nil
}

// stagingVersion gives the version under which the modules of Kubernetes'
// staging folder are published: v1.X.Y of Kubernetes is v0.X.Y of k8s.io/api.
func stagingVersion(version string) (string, error) {
	rest, ok := strings.CutPrefix(version, "v1.")
	if !ok {
		return "", fmt.Errorf("no published version is known for it: %s is not v1.X.Y", version)
	}
	return "v0." + rest, nil
}

// ownGoVersion is the language version of the programs with their own source,
// the same as this module's.
const ownGoVersion = "1.26.0"

// ownGoMod writes the go.mod for a program with its own source.
func ownGoMod(require map[string]string) string {
	paths := make([]string, 0, len(require))
	for p := range require {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	var b strings.Builder
	fmt.Fprintf(&b, "module %s\n\ngo %s\n\n", buildModule, ownGoVersion)
	for _, p := range paths {
		fmt.Fprintf(&b, "require %s %s\n", p, require[p])
	}
	return b.String()
}

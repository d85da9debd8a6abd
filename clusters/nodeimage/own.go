package nodeimage

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dsconform/dsconform/clusters/binaries"
)

// ownSources are the programs of our own that run on nodes. They are built like
// all others, in a module of their own, wherever dsconform runs: its own source
// tree is not there.
//
//go:embed crictl/*.go noderoutes/*.go pause/*.go
var ownSources embed.FS

// ownRequires are the modules each of our own programs is built with: the
// versions in this module's go.mod, which a test compares.
func ownRequires() map[string]map[string]string {
	return map[string]map[string]string{
		"pause": nil,
		"crictl": {
			"google.golang.org/grpc": "v1.82.1",
			"k8s.io/cri-api":         "v0.37.2",
		},
		"noderoutes": {
			"github.com/google/nftables":     "v0.3.0",
			"github.com/vishvananda/netlink": "v1.3.1",
			"golang.org/x/sys":               "v0.49.0",
			"k8s.io/api":                     "v0.37.2",
			"k8s.io/apimachinery":            "v0.37.2",
			"k8s.io/client-go":               "v0.37.2",
		},
	}
}

// ownPrograms declares the programs in ownSources.
func ownPrograms() ([]binaries.Program, error) {
	var out []binaries.Program
	for name, require := range ownRequires() {
		p, err := ownProgram(name, require)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b binaries.Program) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// ownProgram declares one of the programs in ownSources.
func ownProgram(name string, require map[string]string) (binaries.Program, error) {
	files, err := fs.Glob(ownSources, name+"/*.go")
	if err != nil {
		return binaries.Program{}, fmt.Errorf("listing the source of %s: %w", name, err)
	}
	source := map[string][]byte{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := ownSources.ReadFile(file)
		if err != nil {
			return binaries.Program{}, fmt.Errorf("reading the source of %s: %w", name, err)
		}
		source[path.Base(file)] = content
	}
	return binaries.Program{Name: name, Source: source, Require: require}, nil
}

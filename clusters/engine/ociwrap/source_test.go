package ociwrap

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

func TestSourceIsTheWholePackage(t *testing.T) {
	source, err := Source()
	if err != nil {
		t.Fatal(err)
	}
	there, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	// What builds the library only: its documentation, the embedding, other systems.
	spare := []string{"doc.go", "source.go", "limits_other.go"}
	for _, name := range there {
		if strings.HasSuffix(name, "_test.go") || slices.Contains(spare, name) {
			continue
		}
		if _, ok := source[name]; !ok {
			t.Errorf("%s is not embedded", name)
		}
	}
	for name, text := range source {
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.PackageClauseOnly)
		if err != nil || f.Name.Name != "main" {
			t.Errorf("%s is of package %v (%v), want main", name, f.Name, err)
		}
	}
}

func TestModulesAreThoseOfTheProject(t *testing.T) {
	b, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", b, nil)
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]string{}
	for _, r := range mod.Require {
		ours[r.Mod.Path] = r.Mod.Version
	}
	for path, version := range Modules() {
		if ours[path] != version {
			t.Errorf("the wrapper is built with %s %s, the project with %q", path, version, ours[path])
		}
	}
}

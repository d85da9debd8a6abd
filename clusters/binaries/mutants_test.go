package binaries

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/modfile"
)

// TestMutantsAreOfTheDefaultRelease: the suite is tried by the controller of the
// release that it is run on unless told otherwise.
func TestMutantsAreOfTheDefaultRelease(t *testing.T) {
	path := filepath.Join("..", "..", "framework", "mutants", "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := modfile.Parse(path, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	staging, err := stagingVersion(DefaultKubernetes)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, r := range file.Require {
		if r.Mod.Path == KubernetesModule {
			found = r.Mod.Version == DefaultKubernetes
		}
	}
	if !found {
		t.Errorf("%s does not require %s %s", path, KubernetesModule, DefaultKubernetes)
	}
	for _, r := range file.Replace {
		if r.New.Version != staging {
			t.Errorf("%s replaces %s by version %s, want %s", path, r.Old.Path, r.New.Version, staging)
		}
	}
	if len(file.Replace) == 0 {
		t.Errorf("%s replaces nothing", path)
	}
}

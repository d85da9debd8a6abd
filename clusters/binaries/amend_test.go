package binaries

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAModuleIsAmended: the copy has the other file, and all else as it was.
func TestAModuleIsAmended(t *testing.T) {
	t.Parallel()
	from, work := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{"go.mod": "module example.org/p\n", "pkg/a.go": "package a // theirs\n"} {
		path := filepath.Join(from, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		// As in the module cache, nobody may write to it.
		if err := os.WriteFile(path, []byte(content), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	p := Program{Name: "p", Module: "example.org/p", Version: "v1.0.0", Package: "example.org/p", Amend: map[string][]byte{"pkg/a.go": []byte("package a // ours\n")}}
	if err := writeAmended(work, from, p); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"go.mod": "module example.org/p\n", "pkg/a.go": "package a // ours\n"} {
		if got, err := os.ReadFile(filepath.Join(work, amendedFolder, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	p.Amend = map[string][]byte{"pkg/b.go": nil}
	if err := writeAmended(t.TempDir(), from, p); err == nil || !strings.Contains(err.Error(), "pkg/b.go") {
		t.Errorf("a file that the module does not have: %v", err)
	}
}

func TestAnAmendedProgramIsAnother(t *testing.T) {
	t.Parallel()
	plain, amended := recipe{Schema: 1}, recipe{Schema: 1, Amend: sourceDigest(map[string][]byte{"a": []byte("b")})}
	if plain.key() == amended.key() {
		t.Error("the recipes have one key")
	}
	p := Program{Name: "p", Source: map[string][]byte{"main.go": nil}, Amend: map[string][]byte{"a": nil}}
	if err := p.validate(); err == nil || !strings.Contains(err.Error(), "amends") {
		t.Errorf("got %v", err)
	}
}

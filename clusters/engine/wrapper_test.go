package engine

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/clusters/engine/ociwrap"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

func TestCopyProgram(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for path, content := range map[string]string{from: "new", to: "old"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyProgram(from, to); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(to)
	if err != nil || string(b) != "new" {
		t.Errorf("got %q, %v", b, err)
	}
}

// Without a Go toolchain the wrapper is a copy of this program, which has
// shown that it plays the part; on a machine that grants everything there is none.
func TestInstallWrapperWithoutAToolchain(t *testing.T) {
	missing, err := ociwrap.MissingCapabilities()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	var out strings.Builder
	dir := t.TempDir()
	path, err := installWrapper(t.Context(), dir, steps.New(&out))
	if err != nil {
		t.Fatal(err)
	}
	if len(missing) == 0 {
		if path != "" {
			t.Errorf("nothing is missing, yet runc is wrapped by %s", path)
		}
		return
	}
	if path != filepath.Join(dir, wrapperName) || !strings.Contains(out.String(), "no Go toolchain") {
		t.Errorf("got %q, said %q", path, out.String())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o100 == 0 {
		t.Errorf("not a program: %v, %v", info, err)
	}
}

func TestInstallWrapperBrokenOff(t *testing.T) {
	if missing, err := ociwrap.MissingCapabilities(); err != nil || len(missing) == 0 {
		t.Skip("no wrapper is needed here")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := installWrapper(ctx, t.TempDir(), steps.Discard()); exit.Of(err) != exit.Environment {
		t.Errorf("want class Environment, got %v", err)
	}
}

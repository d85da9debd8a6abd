package sim

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/dsconform/dsconform/internal/supervisor"
)

func TestMain(m *testing.M) {
	if supervisor.IsRole(os.Args) {
		os.Exit(supervisor.Main(context.Background(), os.Args[2:]))
	}
	os.Exit(m.Run())
}

// fakePrograms is a folder with a script for every program of a control plane.
func fakePrograms(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"} {
		text := scripts[name]
		if text == "" {
			text = "exec sleep 600"
		}
		script := "#!/bin/sh\nif [ \"$1\" = --version ]; then echo Kubernetes v1.37.2; exit; fi\n" + text + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

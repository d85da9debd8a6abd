package binaries

import (
	"fmt"
	"os"
	"path/filepath"
)

// amendedFolder is where the copy of a module with other files is, beside the
// generated go.mod.
const amendedFolder = "amended-module"

// replaceAmended is the go.mod's line that has the module built from the copy.
func replaceAmended(p Program) string {
	return fmt.Sprintf("replace %s => ./%s\n", p.Module, amendedFolder)
}

// writeAmended copies the module to the folder, with the program's files in place
// of its own. A file that the module does not have is an error: the amendment is
// of another version.
func writeAmended(work, moduleDir string, p Program) error {
	to := filepath.Join(work, amendedFolder)
	if err := os.CopyFS(to, os.DirFS(moduleDir)); err != nil {
		return fmt.Errorf("copying the module of %s: %w", p, err)
	}
	for name, content := range p.Amend {
		path := filepath.Join(to, name)
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("%s is to be built with another %s, which its module does not have: %w", p, name, err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("amending the module of %s: %w", p, err)
		}
	}
	return nil
}

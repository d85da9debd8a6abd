package subject

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/nearest"
)

// Kind is how a controller under test is given.
type Kind string

// The kinds of subjects.
const (
	// Own is the cluster's own controller: nothing is started.
	Own Kind = ""
	// Command is a program that runs beside the cluster.
	Command Kind = "command"
	// Manifest is a Deployment that runs in the cluster.
	Manifest Kind = "manifest"
	// Release is a release's own controller. Whoever can build it makes a Command
	// of it before it is started.
	Release Kind = "release"
)

// Choice says which controller is judged.
type Choice struct {
	// Kind is how it is given.
	Kind Kind
	// Path is the program's or the manifest's, absolute.
	Path string
	// Args are the program's arguments.
	Args []string
	// Name is what the report calls it; empty for the file's name.
	Name string
	// Version is the Kubernetes version it is of, if that is known.
	Version string
	// Elects says that two instances of the program elect a leader, if they are
	// started with ElectArgs in place of Args; nil for Args as they are.
	Elects    bool
	ElectArgs []string
}

// Replaces tells whether the cluster must run without its own controller.
func (c Choice) Replaces() bool { return c.Kind != Own }

// name is what the report calls it.
func (c Choice) name() string {
	if c.Name != "" {
		return c.Name
	}
	return filepath.Base(c.Path)
}

// Parse reads a value of --subject: empty, command:PATH, manifest:FILE,
// release:VERSION or release alone. The error is of class Usage and says what
// would be right.
func Parse(value string) (Choice, error) {
	if value == "" {
		return Choice{}, nil
	}
	word, path, cut := strings.Cut(value, ":")
	kind := Kind(word)
	switch {
	case value == string(Release) || kind == Release && path != "":
		return Choice{Kind: Release, Version: path}, nil
	case kind == Release:
		return Choice{}, exit.Usagef("--subject=%s names no version: give %s, or release alone for the cluster's own", value, form(kind))
	case kind != Command && kind != Manifest || !cut:
		return Choice{}, exit.Usagef("--subject is %q; it must be command:PATH, manifest:FILE or release:VERSION, perhaps %s", value, meant(value))
	case path == "":
		return Choice{}, exit.Usagef("--subject=%s names no file: give %s", value, form(kind))
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return Choice{}, exit.Environmentf("making the path %s absolute: %w", path, err)
	}
	c := Choice{Kind: kind, Path: abs}
	if kind == Command {
		return c, c.executable()
	}
	return c, c.readable()
}

// form is how a kind is given.
func form(k Kind) string {
	switch k {
	case Manifest:
		return "manifest:FILE"
	case Release:
		return "release:VERSION"
	default:
		return "command:PATH"
	}
}

// meant is the right value that is nearest to a malformed one.
func meant(value string) string {
	word, path, cut := strings.Cut(value, ":")
	if cut && path != "" {
		return nearest.Of(word, kinds()) + ":" + path
	}
	if !cut && strings.ContainsAny(word, "./") { // a path alone
		switch strings.ToLower(filepath.Ext(word)) {
		case ".yaml", ".yml", ".json":
			return string(Manifest) + ":" + word
		}
		return string(Command) + ":" + word
	}
	return form(Kind(nearest.Of(word, kinds())))
}

func kinds() []string { return []string{string(Command), string(Manifest), string(Release)} }

// executable refuses a path that is no program.
func (c Choice) executable() error {
	info, err := c.stat()
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return exit.Usagef("--subject=command:%s is a folder; name the program in it", c.Path)
	case !info.Mode().IsRegular():
		return exit.Usagef("--subject=command:%s is no file that can be run (%s)", c.Path, info.Mode().Type())
	case info.Mode()&0o111 == 0:
		return exit.Usagef("--subject=command:%s is not executable: name a program, or make it one with chmod +x", c.Path)
	}
	return nil
}

// readable refuses a path that is no file.
func (c Choice) readable() error {
	info, err := c.stat()
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return exit.Usagef("--subject=manifest:%s is a folder; name one file", c.Path)
	}
	return nil
}

func (c Choice) stat() (fs.FileInfo, error) {
	info, err := os.Stat(c.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		hint := ""
		if found, lookErr := exec.LookPath(filepath.Base(c.Path)); c.Kind == Command && lookErr == nil {
			hint = "; perhaps command:" + found
		}
		return nil, exit.Usagef("--subject=%s:%s names a file that does not exist%s", c.Kind, c.Path, hint)
	case err != nil:
		return nil, exit.Usagef("--subject=%s:%s cannot be looked at: %w", c.Kind, c.Path, err)
	}
	return info, nil
}

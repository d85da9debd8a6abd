package binaries

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Program declares one executable: where its source comes from and how it is
// built. It is data; Builder.Build makes the file.
type Program struct {
	// Name is the file name of the executable, unique within one Build.
	Name string
	// Module is the module path the main package belongs to. Empty for a
	// program whose source is in Source.
	Module string
	// Version is the version of Module, as the proxy spells it (v1.37.2).
	Version string
	// Package is the import path of the main package. Not used with Source.
	Package string
	// Source holds the files of a main package of our own, by file name. It is
	// built in a module that requires Require and nothing else; or, where Module is
	// given too, in that of Module's own programs, whose packages it may import.
	Source map[string][]byte
	// Require are the modules Source needs, by path with their versions.
	Require map[string]string
	// Amend holds files that take the place of Module's own, by their paths in it:
	// a defect that we cannot wait for its authors to mend. Not used with Source.
	Amend map[string][]byte
	// Tags are the build tags.
	Tags []string
	// LDFlags are flags for the linker beside "-s -w", which every program gets:
	// node images copy the programs to every node, so size is start-up time.
	LDFlags []string
	// Cgo says that the program is C too. It needs gcc and CLibraries.
	Cgo bool
	// CLibraries are the pkg-config names of the C libraries it is linked with.
	CLibraries []string
}

// String names the program with its version, for messages.
func (p Program) String() string {
	if p.Version == "" {
		return p.Name
	}
	return p.Name + " " + p.Version
}

// validate reports a declaration that cannot be built.
func (p Program) validate() error {
	switch {
	case p.Name == "" || p.Name != path.Base(p.Name):
		return fmt.Errorf("program name %q is not a file name", p.Name)
	case len(p.Source) > 0 && p.Package != "":
		return fmt.Errorf("program %s has both a package and its own source", p.Name)
	case len(p.Source) > 0 && p.Module != "" && (p.Version == "" || len(p.Require) > 0):
		return fmt.Errorf("program %s needs the version of its module, and requires nothing beside it", p.Name)
	case len(p.Source) > 0 && len(p.Amend) > 0:
		return fmt.Errorf("program %s has its own source, and amends that of a module", p.Name)
	case len(p.Source) == 0 && (p.Module == "" || p.Version == "" || p.Package == ""):
		return fmt.Errorf("program %s needs module, version and package", p.Name)
	}
	return nil
}

// recipe is everything that decides the bytes of a program but its package and
// name. Programs with equal recipes are built by one call of the go command,
// which shares their common packages and both processors.
type recipe struct {
	// Schema changes when the way programs are built changes.
	Schema   int      `json:"schema"`
	Go       string   `json:"go"`
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	GoMod    string   `json:"goMod"`
	Sum      string   `json:"sum"`
	Source   string   `json:"source"`
	Amend    string   `json:"amend,omitempty"`
	Tags     []string `json:"tags"`
	LDFlags  []string `json:"ldflags"`
	Cgo      bool     `json:"cgo"`
	Compiler string   `json:"compiler"`
}

// recipeSchema is raised by hand when builds made by this package differ from
// earlier ones in a way the other fields of recipe do not show.
const recipeSchema = 1

// key gives the recipe's content key.
func (r recipe) key() string { return digest(r) }

// programKey gives the content key of one program built by r.
func (r recipe) programKey(p Program) string {
	return digest(struct {
		Recipe  recipe `json:"recipe"`
		Name    string `json:"name"`
		Package string `json:"package"`
	}{r, p.Name, p.Package})
}

// sourceDigest gives a digest of a program's own files, "" if it has none.
func sourceDigest(files map[string][]byte) string {
	if len(files) == 0 {
		return ""
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "%s %x\n", name, sha256.Sum256(files[name]))
	}
	return digest(b.String())
}

// digest gives the key of a value made of strings, numbers, booleans, slices
// and maps: its JSON form is the same for equal values.
func digest(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		// The callers pass only types whose encoding cannot fail.
		panic(fmt.Sprintf("binaries: encoding %T: %v", v, err))
	}
	return Digest(text)
}

// Digest gives the content key of a text: 20 hexadecimal digits, the form of
// every key in the cache.
func Digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:20]
}

package ociwrap

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
)

// files is this package's own source, for Source.
//
//go:embed args.go host.go limits_linux.go main.go spec.go
var files embed.FS

// entry makes a program of the package.
const entry = `package main

import "os"

func main() { os.Exit(Main(os.Args)) }
`

// Source gives the wrapper as a main package of its own, by file name. As a
// program of its own it starts in a tenth of the time that the program needs
// which holds all of dsconform, and it starts once for every command run in a
// container.
func Source() (map[string][]byte, error) {
	source := map[string][]byte{"entry.go": []byte(entry)}
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read the embedded source of the OCI runtime wrapper: %w", err)
	}
	for _, e := range entries {
		text, err := files.ReadFile(e.Name())
		if err != nil {
			return nil, fmt.Errorf("read the embedded source of the OCI runtime wrapper: %w", err)
		}
		const library, program = "package ociwrap\n", "package main\n"
		if !strings.HasPrefix(string(text), library) {
			return nil, fmt.Errorf("embedded source %s does not begin with its package clause", e.Name())
		}
		source[e.Name()] = bytes.Replace(text, []byte(library), []byte(program), 1)
	}
	return source, nil
}

// Modules are the modules Source needs, by path with their versions: those in
// this module's go.mod, which a test compares.
func Modules() map[string]string {
	return map[string]string{
		"github.com/moby/sys/capability": "v0.5.0",
		"golang.org/x/sys":               "v0.49.0",
	}
}

package probe

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// linkedWith gives, for a dynamically linked program, the files it needs to
// run. A static program needs none. Only libraries in the usual folders are
// found, where those a Go program is linked with lie.
func linkedWith(program string) (files []string, err error) {
	f, err := elf.Open(program)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	interpreter := f.Section(".interp")
	if interpreter == nil {
		return nil, nil
	}
	b, err := interpreter.Data()
	if err != nil {
		return nil, err
	}
	files = []string{strings.TrimRight(string(b), "\x00")}
	return addLibraries(f, files)
}

// addLibraries adds what f imports, and what that imports in turn.
func addLibraries(f *elf.File, files []string) ([]string, error) {
	names, err := f.ImportedLibraries()
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if holds(files, n) {
			continue
		}
		path, library, err := findLibrary(n, f)
		if err != nil {
			return nil, err
		}
		files, err = addLibraries(library, append(files, path))
		if err = errors.Join(err, library.Close()); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func holds(files []string, name string) bool {
	for _, f := range files {
		if filepath.Base(f) == name {
			return true
		}
	}
	return false
}

// findLibrary looks for a library for the same kind of machine as user.
func findLibrary(name string, user *elf.File) (string, *elf.File, error) {
	for _, dir := range []string{"/lib64", "/lib", "/lib/*-linux-*", "/usr/lib64", "/usr/lib", "/usr/lib/*-linux-*"} {
		matches, err := filepath.Glob(filepath.Join(dir, name))
		if err != nil {
			return "", nil, err
		}
		for _, path := range matches {
			library, err := elf.Open(path)
			if err != nil {
				continue
			}
			if library.Machine == user.Machine && library.Class == user.Class {
				return path, library, nil
			}
			_ = library.Close()
		}
	}
	return "", nil, fmt.Errorf("library %s: %w", name, fs.ErrNotExist)
}

package rootfs

import (
	"archive/tar"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Index finds files in the tar archive of a root file system without
// unpacking it.
type Index struct {
	file    *os.File
	entries map[string]entry
}

type entry struct {
	header *tar.Header
	offset int64
}

// Open reads the table of an archive made by Build.
func Open(archive string) (*Index, error) {
	f, err := os.Open(archive)
	if err != nil {
		return nil, fmt.Errorf("opening the root file system: %w", err)
	}
	x := &Index{file: f, entries: map[string]entry{}}
	tr := tar.NewReader(f)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return x, nil
		}
		if err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("reading the root file system %s: %w", archive, err)
		}
		// The reader takes whole headers and never reads ahead, so the file
		// stands at the first byte of the entry's content.
		at, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("reading the root file system %s: %w", archive, err)
		}
		x.entries[clean(h.Name)] = entry{h, at}
	}
}

// Close releases the archive.
func (x *Index) Close() error { return x.file.Close() }

func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// Under lists the files below a folder, sorted, with their paths in the root
// file system.
func (x *Index) Under(dir string) []string {
	prefix := clean(dir) + "/"
	var out []string
	for name, e := range x.entries {
		if strings.HasPrefix(name, prefix) && e.header.Typeflag != tar.TypeDir {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Found is a file of the root file system.
type Found struct {
	// Path is where it stands, without leading slash.
	Path string
	// Link is the target of a symbolic link, "" for a regular file.
	Link string
	// Mode are its permissions.
	Mode fs.FileMode
	// Content is what a regular file holds.
	Content []byte
}

// Closure gives the named files and all they need to run: symbolic links on
// the way to them, the dynamic loader and, again and again, the libraries they
// are linked with.
func (x *Index) Closure(names ...string) ([]Found, error) {
	c := &closure{index: x, found: map[string]Found{}}
	for _, name := range names {
		if err := c.add(name); err != nil {
			return nil, err
		}
	}
	out := make([]Found, 0, len(c.found))
	for _, f := range c.found {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Found) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

type closure struct {
	index *Index
	found map[string]Found
}

// add takes a file, by whatever links lead to it.
func (c *closure) add(name string) error {
	real, err := c.resolve(clean(name), 0)
	if err != nil {
		return err
	}
	if _, done := c.found[real]; done {
		return nil
	}
	e := c.index.entries[real]
	content := make([]byte, e.header.Size)
	if _, err := c.index.file.ReadAt(content, e.offset); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading %s from the root file system: %w", real, err)
	}
	c.found[real] = Found{Path: real, Mode: e.header.FileInfo().Mode().Perm(), Content: content}
	return c.addLibraries(real, content)
}

// maxLinks bounds a chain of symbolic links, as the kernel does.
const maxLinks = 40

// resolve follows the links in every part of a path, takes them along, and
// gives the path of the regular file at the end.
func (c *closure) resolve(name string, depth int) (string, error) {
	if depth > maxLinks {
		return "", fmt.Errorf("%s in the root file system: too many links", name)
	}
	parts := strings.Split(name, "/")
	for i := range parts {
		at := strings.Join(parts[:i+1], "/")
		e, ok := c.index.entries[at]
		if !ok {
			return "", fmt.Errorf("%s is not in the root file system: %w", name, fs.ErrNotExist)
		}
		if e.header.Typeflag == tar.TypeLink {
			return c.resolve(clean(e.header.Linkname), depth+1)
		}
		if e.header.Typeflag != tar.TypeSymlink {
			continue
		}
		c.found[at] = Found{Path: at, Link: e.header.Linkname}
		target := e.header.Linkname
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(at), target)
		}
		return c.resolve(clean(path.Join(append([]string{target}, parts[i+1:]...)...)), depth+1)
	}
	if t := c.index.entries[name].header.Typeflag; t != tar.TypeReg {
		return "", fmt.Errorf("%s in the root file system is not a regular file", name)
	}
	return name, nil
}

// libraryFolders are where the dynamic loader looks.
func libraryFolders() []string {
	return []string{"usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib"}
}

func (c *closure) addLibraries(name string, content []byte) error {
	f, err := elf.NewFile(strings.NewReader(string(content)))
	if err != nil {
		return nil // not an ELF file, so it is linked with nothing
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		loader, rerr := io.ReadAll(p.Open())
		if rerr != nil {
			return fmt.Errorf("reading the loader of %s: %w", name, rerr)
		}
		if err = c.add(strings.TrimRight(string(loader), "\x00")); err != nil {
			return err
		}
	}
	libs, err := f.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("reading the libraries of %s: %w", name, err)
	}
	for _, lib := range libs {
		if err := c.addLibrary(name, lib); err != nil {
			return err
		}
	}
	return nil
}

func (c *closure) addLibrary(of, lib string) error {
	for _, dir := range libraryFolders() {
		err := c.add(dir + "/" + lib)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fmt.Errorf("%s needs %s, which is not in the root file system", of, lib)
}

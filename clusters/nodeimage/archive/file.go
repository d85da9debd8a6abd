package archive

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Epoch dates everything in an image.
func Epoch() time.Time { return time.Unix(946684800, 0).UTC() }

// File is one entry of a layer. Folders above it need not be given; they get
// mode 0755.
type File struct {
	// Path is where it stands in the image, with or without a leading slash.
	Path string
	// Mode holds its permissions, also fs.ModeSetuid and fs.ModeSticky, and
	// fs.ModeDir for a folder. Default for a file: 0644, for a folder: 0755.
	Mode fs.FileMode
	// Link makes it a symbolic link to this target.
	Link string
	// Source is the file on this machine that has its content. Default: Content.
	Source string
	// Content is its content, if Source is empty.
	Content []byte
}

// Executable is a File with the content of source that may be run.
func Executable(path, source string) File {
	return File{Path: path, Source: source, Mode: 0o755}
}

// Text is a File with the given content.
func Text(path, content string) File {
	return File{Path: path, Content: []byte(content)}
}

// Dir is a folder.
func Dir(path string, mode fs.FileMode) File {
	return File{Path: path, Mode: fs.ModeDir | mode}
}

// writeTar writes files as a tar archive in which everything is determined by
// the files' names, modes and contents.
func writeTar(w io.Writer, files []File) error {
	tw := tar.NewWriter(w)
	entries, err := arrange(files)
	if err != nil {
		return err
	}
	for _, f := range entries {
		if err := writeEntry(tw, f); err != nil {
			return fmt.Errorf("packing %s: %w", f.Path, err)
		}
	}
	if err := tw.Close(); err != nil {
		return fmt.Errorf("ending the layer: %w", err)
	}
	return nil
}

// arrange sorts files by path, adds the folders above them, and refuses a path
// given twice: which of the two won would depend on the reader.
func arrange(files []File) ([]File, error) {
	byPath := map[string]File{}
	for _, f := range files {
		f.Path = strings.TrimPrefix(path.Clean("/"+f.Path), "/")
		if f.Path == "" {
			return nil, fmt.Errorf("a file of a layer has no path")
		}
		if _, ok := byPath[f.Path]; ok {
			return nil, fmt.Errorf("two files of a layer are both %s", f.Path)
		}
		byPath[f.Path] = f
	}
	for p := range byPath {
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			if _, ok := byPath[dir]; !ok {
				byPath[dir] = Dir(dir, 0o755)
			}
		}
	}
	out := make([]File, 0, len(byPath))
	for _, f := range byPath {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

func writeEntry(tw *tar.Writer, f File) error {
	h := &tar.Header{Name: f.Path, Mode: permissions(f.Mode), ModTime: Epoch(), Typeflag: tar.TypeReg}
	switch {
	case f.Mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, f.Path+"/"
		if f.Mode.Perm() == 0 {
			h.Mode |= 0o755
		}
		return tw.WriteHeader(h)
	case f.Link != "":
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.Link, 0o777
		return tw.WriteHeader(h)
	}
	if f.Mode.Perm() == 0 {
		h.Mode |= 0o644
	}
	content, size, err := open(f)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	h.Size = size
	if err = tw.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(tw, content)
	return err
}

// permissions gives a mode as tar has it.
func permissions(m fs.FileMode) int64 {
	out := int64(m.Perm())
	if m&fs.ModeSetuid != 0 {
		out |= 0o4000
	}
	if m&fs.ModeSticky != 0 {
		out |= 0o1000
	}
	return out
}

func open(f File) (io.ReadCloser, int64, error) {
	if f.Source == "" {
		return io.NopCloser(bytes.NewReader(f.Content)), int64(len(f.Content)), nil
	}
	src, err := os.Open(f.Source)
	if err != nil {
		return nil, 0, err
	}
	info, err := src.Stat()
	if err != nil {
		_ = src.Close()
		return nil, 0, err
	}
	return src, info.Size(), nil
}

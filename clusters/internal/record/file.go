package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dsconform/dsconform/internal/exit"
)

// ErrNone is the error of Read where there is no such cluster.
var ErrNone = errors.New("no state is kept of this cluster")

// File is the state file of one cluster; S is encoded as a JSON object that has
// the format's number in its field "version".
type File[S any] struct {
	// Path is the file's.
	Path string
	// Cluster is the cluster's name, for errors.
	Cluster string
	// Version is the format this program reads and writes.
	Version int
}

// Read gives the state. The error is ErrNone if there is none, and of class
// Environment for a format this program does not know.
func (f File[S]) Read() (S, error) {
	var st S
	raw, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return st, ErrNone
	}
	if err != nil {
		return st, fmt.Errorf("reading the state of cluster %s: %w", f.Cluster, err)
	}
	var format struct {
		Version int `json:"version"`
	}
	if err = json.Unmarshal(raw, &format); err == nil && format.Version == f.Version {
		err = json.Unmarshal(raw, &st)
	}
	if err != nil {
		return st, fmt.Errorf("reading the state of cluster %s in %s: %w", f.Cluster, f.Path, err)
	}
	if format.Version != f.Version {
		return st, exit.Environmentf("the state of cluster %s in %s has format %d, this program knows %d: delete the cluster with the program that made it", f.Cluster, f.Path, format.Version, f.Version)
	}
	return st, nil
}

// Write replaces the state as a whole: a reader sees the old or the new one. Its
// folder is made with the mode given if it is not there.
func (f File[S]) Write(st S, folder fs.FileMode) error {
	raw, err := json.MarshalIndent(st, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(f.Path), folder)
	}
	if err == nil {
		err = os.WriteFile(f.Path+".new", append(raw, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(f.Path+".new", f.Path)
	}
	if err != nil {
		return fmt.Errorf("writing the state of cluster %s: %w", f.Cluster, err)
	}
	return nil
}

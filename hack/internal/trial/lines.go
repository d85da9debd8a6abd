package trial

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// AddLine appends the value to the file as a line of JSON, in one write: whoever
// is cut off loses that line at most. The file and its folder are made.
func AddLine(path string, value any) (err error) {
	line, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode a line of %s: %w", path, err)
	}
	if err = os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("add to %s: %w", path, err)
	}
	if err = takeCutLine(path); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("add to %s: %w", path, err)
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("add to %s: %w", path, err)
	}
	return nil
}

// takeCutLine takes a last line away that has no end, for what follows would
// become a part of it.
func takeCutLine(path string) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("add to %s: %w", path, err)
	}
	if end := bytes.LastIndexByte(raw, '\n') + 1; end < len(raw) {
		if err := os.Truncate(path, int64(end)); err != nil {
			return fmt.Errorf("take away a line that was cut short: %w", err)
		}
	}
	return nil
}

// Lines reads a file that AddLine wrote. A last line that was cut short is passed
// over; any other that does not decode is an error. A file that is not there is
// no error: it gives nil.
func Lines[T any](path string) ([]T, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := []T{}
	for line := range bytes.Lines(raw[:bytes.LastIndexByte(raw, '\n')+1]) {
		var one T
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&one); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, len(out)+1, err)
		}
		out = append(out, one)
	}
	return out, nil
}

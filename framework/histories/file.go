package histories

import (
	"bytes"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

// YAML gives the sequence as the file by which it can be played again.
func (s Sequence) YAML() ([]byte, error) {
	raw, err := yaml.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the sequence: %w", err)
	}
	return raw, nil
}

// Parse reads a sequence that YAML wrote, or its like in JSON. Unknown fields,
// and what cannot be played, are errors; all of them are told at once.
func Parse(raw []byte) (Sequence, error) {
	var s Sequence
	if len(bytes.TrimSpace(raw)) == 0 {
		return s, fmt.Errorf("it is empty; a sequence has nodes, start and edits")
	}
	if err := yaml.UnmarshalStrict(raw, &s); err != nil {
		return s, fmt.Errorf("it is no sequence: %w", err)
	}
	if err := s.Check(); err != nil {
		return s, fmt.Errorf("it cannot be played: %w", err)
	}
	return s, nil
}

// Read reads the file of a sequence.
func Read(path string) (Sequence, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Sequence{}, fmt.Errorf("read the sequence: %w", err)
	}
	s, err := Parse(raw)
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Write writes the file of a sequence.
func Write(path string, s Sequence) error {
	raw, err := s.YAML()
	if err != nil {
		return err
	}
	if err = os.WriteFile(path, raw, 0o644); err != nil {
		return fmt.Errorf("write the sequence: %w", err)
	}
	return nil
}

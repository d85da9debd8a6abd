package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// Read reads a file of Results. What is something else, or has fields nobody
// knows, is an error; so is a verdict that its own fields do not bear out.
func Read(path string) (*Result, error) {
	var r Result
	if err := strictly(path, &r); err != nil {
		return nil, err
	}
	if r.APIVersion != APIVersion || r.Kind != Kind {
		return nil, fmt.Errorf("%s is a %q of %q; a %s of %s is needed", path, r.Kind, r.APIVersion, Kind, APIVersion)
	}
	for _, m := range r.Mutants {
		if err := m.check(); err != nil {
			return nil, fmt.Errorf("%s: mutant %s: %w", path, m.ID, err)
		}
	}
	return &r, nil
}

// check refuses a verdict that does not follow from what was seen.
func (m Mutant) check() error {
	switch m.State {
	case Killed:
		if len(m.KilledBy) == 0 {
			return errors.New("it is called killed, and no spec killed it")
		}
		return nil
	case Survived:
		if !m.Whole || len(m.Unknown) > 0 {
			return errors.New("it is called a survivor, and not every spec was judged")
		}
	case Equivalent:
		if m.Proof == "" {
			return errors.New("it is called equivalent without a proof")
		}
	case Unjudged, Broken:
		if m.Reason == "" {
			return fmt.Errorf("it is %s without a reason", m.State)
		}
	case Pending:
	default:
		return fmt.Errorf("nobody knows the state %q", m.State)
	}
	if len(m.KilledBy) > 0 {
		return fmt.Errorf("%s killed it, and it is called %s", m.KilledBy[0].Spec, m.State)
	}
	return nil
}

func strictly(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("decode %s: %w", path, err)
	}
	return nil
}

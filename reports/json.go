package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	sigsjson "sigs.k8s.io/json"

	"github.com/dsconform/dsconform/internal/exit"
)

// WriteJSON writes the report. Equal reports give equal bytes, whatever order
// their specs are in.
func (r *Report) WriteJSON(w io.Writer) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r.canonical()); err != nil {
		return exit.Internalf("encode the report: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return exit.Environmentf("write the report: %w", err)
	}
	return nil
}

// Read reads a report that WriteJSON wrote and loses nothing of it. A file that
// is cut short, is something else, has unknown or doubled fields, or whose
// summary its specs do not bear out, is an error of class Usage in one line.
func Read(rd io.Reader) (*Report, error) {
	data, err := io.ReadAll(rd)
	if err != nil {
		return nil, exit.Environmentf("read the report: %w", err)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, exit.Usagef("the report is empty")
	}
	// What the file is comes before what is wrong with it: whoever names a pod
	// manifest by mistake wants to hear that, not its first unknown field.
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err = sigsjson.UnmarshalCaseSensitivePreserveInts(data, &head); err != nil {
		return nil, exit.Usagef("the report is not whole JSON (was its writing interrupted?): %w", err)
	}
	if head.APIVersion != APIVersion || head.Kind != Kind {
		return nil, exit.Usagef("the file is a %q of %q; a %s of %s is needed", head.Kind, head.APIVersion, Kind, APIVersion)
	}
	var r Report
	strict, err := sigsjson.UnmarshalStrict(data, &r)
	if err != nil {
		return nil, exit.Usagef("the report does not decode: %w", err)
	}
	if len(strict) > 0 {
		return nil, exit.Usagef("the report is not of %s: %w", APIVersion, strict[0])
	}
	if err := r.check(); err != nil {
		return nil, exit.Usagef("the report contradicts itself: %w", err)
	}
	return &r, nil
}

// check finds what no report written by WriteJSON can hold.
func (r *Report) check() error {
	seen := map[string]bool{}
	for _, s := range r.Specs {
		switch s.State {
		case Passed, Failed, Unknown, Skipped:
		default:
			return fmt.Errorf("spec %s has the unknown state %q", s.ID, s.State)
		}
		if s.ID == "" {
			return errors.New("a spec has no ID")
		}
		if seen[s.ID] {
			return fmt.Errorf("spec %s stands in it twice", s.ID)
		}
		seen[s.ID] = true
	}
	// A report edited from red to green by its summary alone must not pass.
	if want := summarise(r.Run, r.Specs); r.Summary != want {
		return fmt.Errorf("its summary says %q (%d passed, %d failed, %d unknown, %d skipped) and its specs say %q (%d, %d, %d, %d)",
			r.Summary.Verdict, r.Summary.Passed, r.Summary.Failed, r.Summary.Unknown, r.Summary.Skipped,
			want.Verdict, want.Passed, want.Failed, want.Unknown, want.Skipped)
	}
	return nil
}

package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/internal/exit"
)

// line is an Entry as it stands in a file: one JSON object a line, its fields
// in this order, so that equal logs are equal bytes.
type line struct {
	Seq             int64           `json:"seq"`
	Time            time.Time       `json:"time"`
	Kind            Kind            `json:"kind"`
	Change          Change          `json:"change"`
	On              Kind            `json:"on,omitempty"`
	Namespace       string          `json:"namespace,omitempty"`
	Name            string          `json:"name,omitempty"`
	UID             types.UID       `json:"uid,omitempty"`
	ResourceVersion string          `json:"resourceVersion,omitempty"`
	Text            string          `json:"text,omitempty"`
	Object          json.RawMessage `json:"object,omitempty"`
}

// WriteJSONL writes the entries to w, one JSON object a line.
func WriteJSONL(w io.Writer, entries []Entry) error {
	buf := bufio.NewWriter(w)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	for _, e := range entries {
		l := line{
			Seq: e.Seq, Time: e.Time.UTC(), Kind: e.Kind, Change: e.Change, On: e.On, Namespace: e.Namespace,
			Name: e.Name, UID: e.UID, ResourceVersion: e.ResourceVersion, Text: e.Text,
		}
		if e.Object != nil {
			raw, err := json.Marshal(e.Object)
			if err != nil {
				return fmt.Errorf("encode entry %d, %s %s: %w", e.Seq, e.Kind, e.Name, err)
			}
			l.Object = raw
		}
		if err := enc.Encode(l); err != nil {
			return fmt.Errorf("write entry %d of the event log: %w", e.Seq, err)
		}
	}
	if err := buf.Flush(); err != nil {
		return fmt.Errorf("write the event log: %w", err)
	}
	return nil
}

// ReadJSONL reads what WriteJSONL wrote. It is strict: a cut line, an unknown
// field or an unknown kind is a usage error that names the line, for a log that
// was only half understood must not be judged.
func ReadJSONL(r io.Reader) ([]Entry, error) {
	in := bufio.NewReader(r)
	var out []Entry
	for n := 1; ; n++ {
		raw, readErr := in.ReadBytes('\n')
		last := errors.Is(readErr, io.EOF)
		if readErr != nil && !last {
			return nil, fmt.Errorf("read line %d of the event log: %w", n, readErr)
		}
		if len(bytes.TrimSpace(raw)) > 0 {
			e, err := decode(raw)
			if err != nil {
				return nil, exit.Usagef("line %d of the event log is not an entry: %w; is the file complete, and written by this version?", n, err)
			}
			out = append(out, e)
		}
		if last {
			return out, nil
		}
	}
}

func decode(raw []byte) (Entry, error) {
	var l line
	if err := strict(raw, &l); err != nil {
		return Entry{}, err
	}
	e := Entry{
		Seq: l.Seq, Time: l.Time, Kind: l.Kind, Change: l.Change, On: l.On, Namespace: l.Namespace,
		Name: l.Name, UID: l.UID, ResourceVersion: l.ResourceVersion, Text: l.Text,
	}
	switch l.Change {
	case Listed, Added, Modified, Deleted:
	case Gap, Note:
		if l.Object != nil {
			return Entry{}, fmt.Errorf("a %s holds an object", l.Change)
		}
		return e, nil
	default:
		return Entry{}, fmt.Errorf("unknown change %q", l.Change)
	}
	o, ok := blank(l.Kind)
	if !ok {
		return Entry{}, fmt.Errorf("unknown kind %q", l.Kind)
	}
	if l.Object == nil {
		return Entry{}, fmt.Errorf("a %s %s without its object", l.Kind, l.Change)
	}
	// Not strict within the object: a log of a newer cluster may hold fields that this version does not know.
	if err := json.Unmarshal(l.Object, o); err != nil {
		return Entry{}, fmt.Errorf("the object of %s %s: %w", l.Kind, l.Name, err)
	}
	e.Object = o
	return e, nil
}

func strict(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

package history

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/dsconform/dsconform/internal/exit"
)

// full is a disk that takes so many bytes.
type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.left)
	f.left -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func TestALogThatCannotBeWrittenIsToldOf(t *testing.T) {
	note := Entry{Seq: 7, Time: t0, Kind: KindAction, Change: Note, Text: "waits"}
	long := note
	long.Text = strings.Repeat("waits ", 10000)
	broken := &appsv1.ControllerRevision{Data: runtime.RawExtension{Raw: []byte("{cut")}}
	for name, tc := range map[string]struct {
		to      io.Writer
		entries []Entry
		want    string
	}{
		"at the end":            {&full{}, []Entry{note}, "write the event log: no space left"},
		"on the way":            {&full{left: 5000}, []Entry{note, long}, "write entry 7 of the event log: no space left"},
		"an object of no JSON":  {io.Discard, []Entry{entry(3, KindControllerRevision, Added, "c-1", "9", broken)}, "encode entry 3, ControllerRevision c-1: "},
		"room for all of it":    {&full{left: 1000}, []Entry{note}, ""},
		"nothing is to be told": {&full{}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := WriteJSONL(tc.to, tc.entries)
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestALogThatCannotBeReadIsNoFaultOfItsText(t *testing.T) {
	torn := errors.New("connection reset")
	var whole bytes.Buffer
	if err := WriteJSONL(&whole, sample(t)[:2]); err != nil {
		t.Fatal(err)
	}
	for want, r := range map[string]io.Reader{
		"read line 1 of the event log: connection reset": iotest.ErrReader(torn),
		"read line 3 of the event log: connection reset": io.MultiReader(&whole, iotest.ErrReader(torn)),
	} {
		if _, err := ReadJSONL(r); !errors.Is(err, torn) || err.Error() != want || exit.Of(err) == exit.Usage {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestBlankLinesOfALogAreCountedAndPassedOver(t *testing.T) {
	const one, two = `{"seq":1,"kind":"Pod","change":"Gap"}`, `{"seq":2,"kind":"Action","change":"Note"}`
	for name, tc := range map[string]struct {
		text string
		want []int64
		err  string
	}{
		"nothing at all":            {"", nil, ""},
		"a blank line alone":        {"\n", nil, ""},
		"blank lines between":       {one + "\n\n  \t\n" + two + "\n", []int64{1, 2}, ""},
		"no end of the last line":   {one + "\n" + two, []int64{1, 2}, ""},
		"a fault after blank lines": {"\n\n" + one + "\nhello\n" + two, nil, "line 4 of the event log is not an entry: "},
		"a fault in the last line":  {one + "\n" + two[:9], nil, "line 2 of the event log is not an entry: "},
		"an object that is none":    {`{"seq":1,"kind":"Pod","change":"Added","name":"p","object":{"metadata":5}}`, nil, "line 1 of the event log is not an entry: the object of Pod p: "},
		"an action with an object":  {`{"seq":1,"kind":"Action","change":"Added","object":{}}`, nil, `line 1 of the event log is not an entry: unknown kind "Action"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadJSONL(strings.NewReader(tc.text))
			if tc.err == "" {
				if err != nil || !slices.Equal(seqs(got), tc.want) {
					t.Errorf("got %v and %v, want %v", seqs(got), err, tc.want)
				}
			} else if err == nil || !strings.HasPrefix(err.Error(), tc.err) || got != nil {
				t.Errorf("got %v and %v, want %s", got, err, tc.err)
			}
		})
	}
}

// A log of a newer cluster may hold fields of objects that this version does not know.
func TestALogKeepsWhatItKnowsOfANewerObject(t *testing.T) {
	got, err := ReadJSONL(strings.NewReader(`{"seq":1,"kind":"Pod","change":"Added","name":"p","object":{"metadata":{"name":"p"},"spec":{"nodeName":"n","colour":"red"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := got[0].Object.(*corev1.Pod); !ok || p.Name != "p" || p.Spec.NodeName != "n" {
		t.Errorf("got %+v", got[0])
	}
}

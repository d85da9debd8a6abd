package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"pgregory.net/rapid"

	"github.com/dsconform/dsconform/internal/exit"
)

func TestReadLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyReport(t)
		var b bytes.Buffer
		if err := want.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		first := b.String()
		got, err := Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("read %+v, wrote %+v", got, want)
		}
		var again bytes.Buffer
		if err := got.WriteJSON(&again); err != nil {
			t.Fatal(err)
		}
		if again.String() != first {
			t.Fatal("writing what was read gives other bytes")
		}
	})
}

func TestReadGoldens(t *testing.T) {
	for name, s := range samples() {
		f, err := os.Open("testdata/" + name + ".json.golden")
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(f)
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, s.report()) {
			t.Errorf("%s: read something else than was written", name)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	var b bytes.Buffer
	if err := samples()["fail"].report().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	whole := b.String()
	replace := func(old, with string) string {
		if !strings.Contains(whole, old) {
			t.Fatalf("the report does not hold %s", old)
		}
		return strings.Replace(whole, old, with, 1)
	}
	for name, tc := range map[string]struct{ text, says string }{
		"empty":               {" \n", "empty"},
		"cut short":           {whole[:len(whole)/2], "interrupted"},
		"two in one file":     {whole + whole, "interrupted"},
		"no JSON":             {"apiVersion: v1\n", "not whole JSON"},
		"another kind":        {`{"apiVersion":"v1","kind":"Pod","spec":{}}`, `"Pod"`},
		"another version":     {replace("dsconform.dev/v1", "dsconform.dev/v2"), "dsconform.dev/v2"},
		"unknown field":       {replace(`"seed": 42`, `"seed": 42, "sead": 1`), "sead"},
		"field in other case": {replace(`"seed": 42`, `"Seed": 42`), "Seed"},
		"doubled field":       {replace(`"seed": 42`, `"seed": 42, "seed": 43`), "seed"},
		"wrong type":          {replace(`"seed": 42`, `"seed": "42"`), "seed"},
		"unknown state":       {replace(`"state": "failed"`, `"state": "flaky"`), "flaky"},
		"spec twice":          {replace("DS-PLC-002\"", "DS-PLC-001\""), "DS-PLC-001"},
		"failure edited away": {replace(`"state": "failed"`, `"state": "passed"`), "summary"},
		"summary edited":      {replace(`"conformant": false`, `"conformant": true`), "summary"},
		"verdict edited":      {replace(`"verdict": "not conformant"`, `"verdict": "conformant"`), "summary"},
		"specs taken out":     {`{"apiVersion":"dsconform.dev/v1","kind":"ConformanceReport","summary":{"passed":3,"total":3,"conformant":true,"verdict":"conformant"}}`, "summary"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(strings.NewReader(tc.text))
			if err == nil {
				t.Fatal("it was read")
			}
			if exit.Of(err) != exit.Usage || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%q (class %d); want one line of class %d about %q", err, exit.Of(err), exit.Usage, tc.says)
			}
		})
	}
}

func TestReadErrorIsTheEnvironments(t *testing.T) {
	_, err := Read(io.MultiReader(strings.NewReader("{"), broken{}))
	if exit.Of(err) != exit.Environment {
		t.Errorf("%v is of class %d", err, exit.Of(err))
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error)  { return 0, errors.New("disk gone") }
func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// A full disk must not leave a green exit code.
func TestWriteErrors(t *testing.T) {
	r := samples()["pass"].report()
	for name, err := range map[string]error{
		"json": r.WriteJSON(broken{}), "junit": r.WriteJUnit(broken{}), "summary": r.WriteSummary(broken{}, false),
	} {
		if exit.Of(err) != exit.Environment {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The committed schema must accept every report that is written, and refuse
// what Read refuses for its shape.
func TestSchema(t *testing.T) {
	raw, err := os.ReadFile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err = json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	validate := func(text []byte) error {
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		return resolved.Validate(v)
	}
	for name, s := range samples() {
		if err := validate(renderings(t, s.report())["json"]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := validate(renderings(t, s.report().Normalised())["json"]); err != nil {
			t.Errorf("%s, normalised: %v", name, err)
		}
	}
	good := string(renderings(t, samples()["fail"].report())["json"])
	for name, edit := range map[string][2]string{
		"kind":          {`"ConformanceReport"`, `"Report"`},
		"version":       {`"dsconform.dev/v1"`, `"dsconform.dev/v2"`},
		"unknown field": {`"seed": 42`, `"seed": 42, "sead": 1`},
		"state":         {`"state": "failed"`, `"state": "flaky"`},
		"verdict":       {`"verdict": "not conformant"`, `"verdict": "fine"`},
		"type":          {`"seed": 42`, `"seed": "42"`},
		"missing field": {`"total": 3,`, ``},
		"time":          {`"started": "2026-11-23T22:00:00Z"`, `"started": 5`},
	} {
		bad := strings.Replace(good, edit[0], edit[1], 1)
		if bad == good {
			t.Fatalf("%s: the report does not hold %s", name, edit[0])
		}
		if validate([]byte(bad)) == nil {
			t.Errorf("%s: the schema accepts it", name)
		}
	}
}

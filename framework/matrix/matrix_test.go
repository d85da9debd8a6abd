package matrix

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/internal/exit"
)

func rules() Rules {
	return Rules{
		Version: func(v string) (string, error) {
			if !strings.HasPrefix(strings.TrimPrefix(v, "v"), "1.") {
				return "", errors.New("version " + v + " is malformed")
			}
			return "v" + strings.TrimPrefix(v, "v"), nil
		},
		Subject: func(s string) error {
			if !strings.HasPrefix(s, "command:") {
				return errors.New("subject " + s + " is no program")
			}
			return nil
		},
		Specs: []string{"DS-CHG-006", "DS-RUM-007"},
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	m, err := Parse([]byte(`
rows:
- kubernetes: 1.36.3
- kubernetes: v1.37.2
  controller: 1.34.0
  expect:
  - {fail: [DS-CHG-006], why: known}
  - {fail: [DS-RUM-007], why: known too}
- name: third
  kubernetes: v1.37.2
- kubernetes: v1.37.2
  subject: command:bin/other
`), rules())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range m.Rows {
		names = append(names, r.Name+"/"+r.Kubernetes+"/"+r.Controller+r.Subject)
	}
	if got := strings.Join(names, " "); got != "v1.36.3/v1.36.3/ controller-v1.34.0/v1.37.2/v1.34.0 third/v1.37.2/ other/v1.37.2/command:bin/other" {
		t.Errorf("rows %s", got)
	}
	if row := m.Rows[1]; strings.Join(row.Fail(), " ") != "DS-CHG-006 DS-RUM-007" || row.Expect[0].Why != "known" {
		t.Errorf("expectation %+v", row.Expect)
	}
}

func TestWrongFilesAreOneClearLine(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, says string }{
		"empty":              {"", "no mapping"},
		"no rows":            {"rows: []", "no rows"},
		"unknown key":        {"row: []", `unknown key "row"; the nearest is "rows"`},
		"unknown key in row": {"rows: [{kubernets: v1.37.2}]", `row 1 has the unknown key "kubernets"; the nearest is "kubernetes"`},
		"unknown key below":  {"rows: [{kubernetes: v1.37.2, expect: [{fails: []}]}]", `row 1, expect has the unknown key "fails"; the nearest is "fail"`},
		"key twice":          {"rows:\n- kubernetes: v1.37.2\n  kubernetes: v1.36.3", "kubernetes"},
		"no version":         {"rows: [{controller: v1.34.0}]", "row 1: it names no version"},
		"bad version":        {"rows: [{kubernetes: v1.37.2}, {kubernetes: latest}]", "row 2: version latest is malformed"},
		"bad controller":     {"rows: [{kubernetes: v1.37.2, controller: x}]", "row 1: version x is malformed"},
		"no list":            {"rows: {kubernetes: v1.37.2}", "rows is a mapping; it must be a list"},
		"number":             {"rows: [{kubernetes: 1.37}]", "must be text"},
		"row is text":        {"rows: [v1.37.2]", "row 1 is no mapping"},
		"same twice":         {"rows: [{kubernetes: v1.37.2}, {kubernetes: 1.37.2}]", "row 2: another row is called v1.37.2 too"},
		"unknown spec":       {"rows: [{kubernetes: v1.37.2, expect: [{fail: [DS-CHG-007], why: x}]}]", "the nearest is DS-CHG-006"},
		"no reason":          {"rows: [{kubernetes: v1.37.2, expect: [{fail: [DS-CHG-006]}]}]", "give expect.why"},
		"reason for nothing": {"rows: [{kubernetes: v1.37.2, expect: [{why: x}]}]", "names no spec"},
		"spec twice":         {"rows: [{kubernetes: v1.37.2, expect: [{fail: [DS-CHG-006], why: x}, {fail: [DS-CHG-006], why: z}]}]", "twice"},
		"bad name":           {"rows: [{kubernetes: v1.37.2, name: ../x}]", "cannot be that of a folder"},
		"two subjects":       {"rows: [{kubernetes: v1.37.2, controller: v1.34.0, subject: command:x}]", "only one of them can be judged"},
		"bad subject":        {"rows: [{kubernetes: v1.37.2, subject: x}]", "row 1: subject x is no program"},
		"expect is no list":  {"rows: [{kubernetes: v1.37.2, expect: {fail: [DS-CHG-006], why: x}}]", "rows.expect is a mapping; it must be a list"},
		"no YAML":            {"rows: [", "yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tc.text), rules())
			if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, tc.says)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := ReadFile(filepath.Join(dir, "none.yaml"), rules()); exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a file that is not there gives %v", err)
	}
	path := filepath.Join(dir, "m.yaml")
	if err := os.WriteFile(path, []byte("row: 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path, rules()); exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), path) {
		t.Errorf("a wrong file gives %v", err)
	}
}

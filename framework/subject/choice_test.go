package subject

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/internal/exit"
)

func file(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParse(t *testing.T) {
	t.Parallel()
	program, manifest := file(t, "controller", "#!/bin/sh\n", 0o755), file(t, "d.yaml", "x", 0o644)
	for value, want := range map[string]Choice{
		"":                     {},
		"command:" + program:   {Kind: Command, Path: program},
		"manifest:" + manifest: {Kind: Manifest, Path: manifest},
		"release":              {Kind: Release},
		"release:v1.36.3":      {Kind: Release, Version: "v1.36.3"},
	} {
		got, err := Parse(value)
		if err != nil || got.Kind != want.Kind || got.Path != want.Path || got.Version != want.Version {
			t.Errorf("Parse(%q) = %+v, %v", value, got, err)
		}
		if got.Replaces() != (want.Kind != Own) {
			t.Errorf("Parse(%q): replaces %v", value, got.Replaces())
		}
	}
	if got := (Choice{Path: program}).name(); got != "controller" {
		t.Errorf("the name is %q", got)
	}
}

func TestParseRefusesWhatCannotRun(t *testing.T) {
	t.Parallel()
	plain, dir := file(t, "plain", "x", 0o644), t.TempDir()
	for name, tc := range map[string]struct{ value, says string }{
		"misspelt kind":   {"comand:/bin/sh", "perhaps command:/bin/sh"},
		"a path alone":    {"/bin/sh", "perhaps command:/bin/sh"},
		"a manifest's":    {"./x.yaml", "perhaps manifest:./x.yaml"},
		"a word":          {"manifst", "perhaps manifest:FILE"},
		"no path":         {"command:", "give command:PATH"},
		"no version":      {"release:", "give release:VERSION"},
		"no file":         {"manifest:", "give manifest:FILE"},
		"a program gone":  {"command:/nonexistent/program", "does not exist"},
		"known elsewhere": {"command:/nonexistent/sh", "perhaps command:/"},
		"a manifest gone": {"manifest:/nonexistent/d.yaml", "does not exist"},
		"a folder":        {"command:" + dir, "is a folder"},
		"not executable":  {"command:" + plain, "chmod +x"},
		"a device":        {"command:/dev/null", "no file that can be run"},
		"a folder of":     {"manifest:" + dir, "name one file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(tc.value)
			if exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line of class usage with %q", err, tc.says)
			}
		})
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	got, err := digest(file(t, "abc", "abc", 0o600))
	if want := "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; err != nil || got != want {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := digest("/nonexistent"); err == nil {
		t.Error("a file that is not there has a digest")
	}
}

func TestEnded(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]string{
		"exit status 3": "exited with code 3", "signal: killed": "was ended by the signal killed", "stopped": "ended (stopped)",
	} {
		if got := ended(how); got != want {
			t.Errorf("ended(%q) = %q, want %q", how, got, want)
		}
	}
	if got := lastWords([]string{"I1 fine", "F1124 no luck", "bye"}); !strings.Contains(got, "F1124 no luck") {
		t.Errorf("its last words are %s", got)
	}
	if got := lastWords(nil); !strings.Contains(got, "no word") {
		t.Errorf("of nothing: %s", got)
	}
}

package dockerd

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDebianFamily(t *testing.T) {
	for name, tc := range map[string]struct {
		content string
		want    string
	}{
		"debian":  {"PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n", ""},
		"ubuntu":  {"ID=ubuntu\nID_LIKE=debian\n", ""},
		"derived": {"ID=mint\nID_LIKE=\"ubuntu debian\"\n", ""},
		"fedora":  {"ID=fedora\nPRETTY_NAME=\"Fedora Linux 44\"\n", "Fedora Linux 44"},
		"unnamed": {"", "unnamed"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "os-release")
			if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			err := debianFamily(path)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
	if err := debianFamily(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a system without os-release was taken for Debian")
	}
}

func TestDenyServices(t *testing.T) {
	const own = "#!/bin/sh\nexit 0\n"
	for name, before := range map[string]string{"none before": "", "the machine's own": own} {
		t.Run(name, func(t *testing.T) {
			path := policyWith(t, before)
			restore, err := denyServices(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, path); got != denial {
				t.Errorf("services are not forbidden: %q", got)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o111 == 0 {
				t.Errorf("a policy that cannot be run is not asked: %v, %v", info, err)
			}
			if err := restore(); err != nil {
				t.Fatal(err)
			}
			if got := read(t, path); got != before {
				t.Errorf("left %q, want what was there: %q", got, before)
			}
			if got := read(t, path+savedSuffix); got != "" {
				t.Errorf("the saved policy is still there: %q", got)
			}
		})
	}
}

func TestHealPolicyAfterABrokenOffInstallation(t *testing.T) {
	for name, tc := range map[string]struct{ now, saved, want string }{
		"nothing happened":        {"own", "", "own"},
		"put aside, not replaced": {"", "own", "own"},
		"ours, none before":       {denial, "", ""},
		"ours, own put aside":     {denial, "own", "own"},
		"a newer one of others":   {"newer", "own", "newer"},
	} {
		t.Run(name, func(t *testing.T) {
			path := policyWith(t, tc.now)
			if tc.saved != "" {
				if err := os.WriteFile(path+savedSuffix, []byte(tc.saved), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := healPolicy(path); err != nil {
				t.Fatal(err)
			}
			if got := read(t, path); got != tc.want {
				t.Errorf("left %q, want %q", got, tc.want)
			}
			if got := read(t, path+savedSuffix); got != "" {
				t.Errorf("the saved policy is still there: %q", got)
			}
		})
	}
}

func policyWith(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy-rc.d")
	if content != "" {
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

package ociwrap

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestMain lets the test binary be the wrapper, as a program under its name is.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "wrapper-under-test" {
		os.Exit(Main(os.Args))
	}
	os.Exit(m.Run())
}

func poorHost() Host {
	score := 100
	return Host{
		MissingCapabilities: map[string]bool{"CAP_SYS_RESOURCE": true},
		HardLimits:          map[string]uint64{"RLIMIT_NOFILE": 20000},
		MinOOMScore:         &score,
	}
}

func TestLowerProcess(t *testing.T) {
	for name, tc := range map[string]struct {
		host        Host
		given, want string
		changed     bool
	}{
		"capability out of all sets": {
			poorHost(),
			`{"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE"],"effective":["CAP_SYS_RESOURCE"],"ambient":null}}`,
			`{"capabilities":{"bounding":["CAP_CHOWN"],"effective":[],"ambient":null}}`, true,
		},
		"rlimit above the hard one": {
			poorHost(),
			`{"rlimits":[{"type":"RLIMIT_NOFILE","hard":1048576,"soft":1024},{"type":"RLIMIT_CORE","hard":18446744073709551615,"soft":0}]}`,
			`{"rlimits":[{"type":"RLIMIT_NOFILE","hard":20000,"soft":1024},{"type":"RLIMIT_CORE","hard":18446744073709551615,"soft":0}]}`, true,
		},
		"soft limit follows": {
			poorHost(), `{"rlimits":[{"type":"RLIMIT_NOFILE","hard":30000,"soft":30000}]}`,
			`{"rlimits":[{"type":"RLIMIT_NOFILE","hard":20000,"soft":20000}]}`, true,
		},
		"score below the host's":        {poorHost(), `{"oomScoreAdj":-500}`, `{"oomScoreAdj":100}`, true},
		"score above the host's":        {poorHost(), `{"oomScoreAdj":500}`, `{"oomScoreAdj":500}`, false},
		"nothing to lower":              {poorHost(), `{"args":["x"],"capabilities":{"bounding":["CAP_CHOWN"]}}`, `{"args":["x"],"capabilities":{"bounding":["CAP_CHOWN"]}}`, false},
		"a host that grants everything": {Host{}, `{"oomScoreAdj":-500,"capabilities":{"bounding":["CAP_SYS_RESOURCE"]}}`, `{"oomScoreAdj":-500,"capabilities":{"bounding":["CAP_SYS_RESOURCE"]}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, changed, err := LowerProcess([]byte(tc.given), tc.host)
			if err != nil || changed != tc.changed {
				t.Fatalf("changed = %v, %v; want %v", changed, err, tc.changed)
			}
			if !changed && string(got) != tc.given {
				t.Errorf("unchanged, but not byte for byte: %s", got)
			}
			if !sameJSON(t, string(got), tc.want) {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestLowerBundleKeepsEverythingElse(t *testing.T) {
	const given = `{"ociVersion":"1.0.2","x":{"big":9007199254740993},"process":{"user":{"uid":0},"capabilities":{"bounding":["CAP_SYS_RESOURCE"]}}}`
	got, changed, err := LowerBundle([]byte(given), poorHost())
	if err != nil || !changed {
		t.Fatalf("changed = %v, %v", changed, err)
	}
	for _, part := range []string{`"ociVersion":"1.0.2"`, `"big":9007199254740993`, `"user":{"uid":0}`, `"bounding":[]`} {
		if !strings.Contains(string(got), part) {
			t.Errorf("%s is missing from %s", part, got)
		}
	}
}

func TestLowerRefusesWhatItCannotRead(t *testing.T) {
	for _, given := range []string{`{`, `[]`, `{"process":[]}`, `{"process":{"capabilities":[]}}`, `{"process":{"rlimits":{}}}`, `{"process":{"oomScoreAdj":"x"}}`} {
		if _, _, err := LowerBundle([]byte(given), poorHost()); err == nil {
			t.Errorf("LowerBundle(%s) went well", given)
		}
	}
}

func TestSettingsFile(t *testing.T) {
	for name, tc := range map[string]struct{ args, want string }{
		"create by a shim":  {"--root /run/r --log /l/log.json --log-format json --systemd-cgroup create --bundle /b --pid-file /p id", "/b/config.json"},
		"flags with =":      {"--root=/run/r --debug create --bundle=/b id", "/b/config.json"},
		"run, short flag":   {"run -b /b id", "/b/config.json"},
		"bundle by default": {"create id", "config.json"},
		"exec":              {"--root /create exec --process /tmp/p.json --detach id", "/tmp/p.json"},
		"exec, short flag":  {"exec -p /tmp/p.json id", "/tmp/p.json"},
		"exec of a command": {"exec id sh", ""},
		"state":             {"--root /r state id", ""},
		"version":           {"--version", ""},
		"nothing":           {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := settingsFile(strings.Fields(tc.args)); got != tc.want {
				t.Errorf("settingsFile(%s) = %q, want %q", tc.args, got, tc.want)
			}
		})
	}
}

// TestMainBecomesRunc runs the wrapper in front of a runc that prints its own
// command line and the bundle it is given.
func TestMainBecomesRunc(t *testing.T) {
	host, err := thisHost()
	if err != nil {
		t.Fatal(err)
	}
	bin, bundle := t.TempDir(), t.TempDir()
	script := "#!/bin/sh\necho \"$0 $*\"; cat " + bundle + "/config.json; exit 9\n"
	if err = os.WriteFile(filepath.Join(bin, "runc"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	config := `{"process":{"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE"]}}}`
	if err = os.WriteFile(filepath.Join(bundle, "config.json"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := wrapper(t, "PATH="+bin+":"+os.Getenv("PATH"), "--root", "/r", "create", "--bundle", bundle, "id")
	want, _, lowerErr := LowerBundle([]byte(config), host)
	if lowerErr != nil {
		t.Fatal(lowerErr)
	}
	if got := bin + "/runc --root /r create --bundle " + bundle + " id\n" + string(want); out != got {
		t.Errorf("runc saw\n%s\nwant\n%s", out, got)
	}
	if err == nil || err.Error() != "exit status 9" {
		t.Errorf("want runc's own exit status 9, got %v", err)
	}
}

func TestMainReportsToTheShim(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log.json")
	_, err := wrapper(t, "PATH="+os.Getenv("PATH"), "--log", log, "create", "--bundle", filepath.Join(t.TempDir(), "none"), "id")
	if err == nil {
		t.Fatal("went well without a bundle")
	}
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var line struct{ Level, Msg string }
	if err := json.Unmarshal(b, &line); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	if line.Level != "error" || line.Msg == "" {
		t.Errorf("want a line of level error with the reason, got %s", b)
	}
}

func wrapper(t *testing.T, env string, args ...string) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Args[0] = "/somewhere/wrapper-under-test"
	cmd.Env = []string{env}
	out, err := cmd.Output()
	return string(out), err
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return reflect.DeepEqual(x, y)
}

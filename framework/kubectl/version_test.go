package kubectl

import (
	"os"
	"regexp"
	"runtime/debug"
	"testing"
)

func TestVersionIn(t *testing.T) {
	for want, deps := range map[string][]*debug.Module{
		"v1.37.2":      {{Path: "k8s.io/api", Version: "v0.1.0"}, {Path: libraryPath, Version: "v0.37.2"}},
		"v1.36.0-rc.1": {{Path: libraryPath, Version: "v0.37.2", Replace: &debug.Module{Path: "x", Version: "v0.36.0-rc.1"}}},
		"(devel)":      {{Path: libraryPath, Version: "(devel)"}},
		"unknown":      {{Path: "k8s.io/api", Version: "v0.1.0"}},
	} {
		if got := versionIn(&debug.BuildInfo{Deps: deps}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A kubectl of another version than the client libraries would test the suite
// with one Kubernetes and speak to the user as another.
func TestVersionIsThatOfTheLibraries(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	of := func(path string) string {
		m := regexp.MustCompile(`(?m)^\s+` + regexp.QuoteMeta(path) + ` (v\S+)`).FindSubmatch(mod)
		if m == nil {
			t.Fatalf("go.mod does not require %s", path)
		}
		return string(m[1])
	}
	if kubectl, client := of(libraryPath), of("k8s.io/client-go"); kubectl != client {
		t.Errorf("go.mod requires kubectl %s and client-go %s", kubectl, client)
	}
}

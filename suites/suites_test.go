package suites

import (
	"testing"

	"github.com/dsconform/dsconform/framework"
)

// TestRegistry holds all areas together: what is right in each folder may clash
// with another's.
func TestRegistry(t *testing.T) {
	registry := All()
	if err := registry.Validate(); err != nil {
		t.Fatal(err)
	}
	smoke := map[framework.Area]int{}
	count := map[framework.Area]int{}
	for _, s := range registry.Specs() {
		count[s.Area]++
		if s.Smoke {
			smoke[s.Area]++
		}
	}
	for _, a := range framework.Areas() {
		if count[a] == 0 {
			t.Errorf("area %s has no spec", a)
		}
		if smoke[a] == 0 {
			t.Errorf("area %s has no spec in the smoke run", a)
		}
	}
}

package revisions

import (
	"testing"

	"github.com/dsconform/dsconform/framework"
)

func TestSpecs(t *testing.T) {
	var registry framework.Registry
	registry.Add(Specs()...)
	if err := registry.Validate(); err != nil {
		t.Error(err)
	}
	for _, s := range Specs() {
		if s.Area != framework.Revisions {
			t.Errorf("%s is of area %s", s.ID, s.Area)
		}
	}
}

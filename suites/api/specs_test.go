package api

import (
	"testing"

	"github.com/dsconform/dsconform/framework"
)

func TestSpecsAreWhole(t *testing.T) {
	t.Parallel()
	registry := &framework.Registry{}
	registry.Add(Specs()...)
	if err := registry.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, s := range registry.Specs() {
		if s.Area != framework.API {
			t.Errorf("%s is of area %s", s.ID, s.Area)
		}
	}
}

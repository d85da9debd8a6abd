package nodes

import (
	"testing"

	"github.com/dsconform/dsconform/framework"
)

func TestSpecs(t *testing.T) {
	registry := &framework.Registry{}
	registry.Add(Specs()...)
	if err := registry.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, s := range Specs() {
		if s.Area != framework.NodeLife {
			t.Errorf("%s is of area %s", s.ID, s.Area)
		}
		if s.Nodes.Workers == 0 && !s.Nodes.All && !s.Nodes.Topology {
			t.Errorf("%s names no nodes, so it could meet another spec on them", s.ID)
		}
	}
}

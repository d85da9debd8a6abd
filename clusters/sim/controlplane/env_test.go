package controlplane

import (
	"slices"
	"strings"
	"testing"
)

func TestComponentsOfFewNodesLeaveProcessorsToTheOthers(t *testing.T) {
	t.Parallel()
	for nodes, want := range map[int]bool{0: true, fewNodes: true, fewNodes + 1: false} {
		env := Plan{Folder: "/f", Nodes: nodes}.env()
		if got := slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "GOMAXPROCS=") }); got != want {
			t.Errorf("%d nodes: %q", nodes, env)
		}
	}
}

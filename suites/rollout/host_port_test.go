package rollout

import (
	"testing"

	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/scene"
)

func TestBoundAlone(t *testing.T) {
	judge := boundAlone([]string{"a", "b"})
	sc, old := rolling(0)
	sc.Modified(marked(old.Pods["a"])).Added(scene.Pod("a-new", "", "new"))
	scene.Expect(t, fleet.EachOf(scene.Space, sc.Entries, judge), "")
	early := *sc
	scene.Expect(t, fleet.EachOf(scene.Space, early.Modified(scene.Pod("a-new", "a", "new")).Entries, judge), "are bound to node a (entry")

	ended, _ := rolling(0)
	ended.Modified(scene.Pod("a-old", "a", "old", scene.Ended)).Added(scene.Pod("a-new", "a", "new"))
	scene.Expect(t, fleet.EachOf(scene.Space, ended.Entries, judge), "")
	sc.Deleted(old.Pods["a"]).Modified(scene.Pod("a-new", "a", "new"))
	scene.Expect(t, fleet.EachOf(scene.Space, sc.Entries, judge), "")
}

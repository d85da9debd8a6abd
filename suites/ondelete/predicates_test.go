package ondelete

import (
	"testing"

	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/scene"
)

func TestSecondRevision(t *testing.T) {
	sc := scene.New().Added(scene.Set(1, "a"), scene.Revision(1, "a"), scene.Pod("a", "a", "a"))
	old := fleet.Of(sc.State(), name)
	scene.Expect(t, secondRevision(old)(sc.State()), "want two")
	sc.Modified(scene.Set(2, "b"))
	scene.Expect(t, secondRevision(old)(sc.State()), "holds its present template")
	scene.Expect(t, secondRevision(old)(sc.Added(scene.Revision(2, "b")).State()), "")
	scene.Expect(t, secondRevision(old)(sc.Modified(scene.Revision(5, "b")).State()), "has number 5; want 2")
}

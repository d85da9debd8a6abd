package rollout

import (
	"testing"

	"github.com/dsconform/dsconform/framework/audit"
	"github.com/dsconform/dsconform/suites/internal/scene"
)

func TestDeletions(t *testing.T) {
	calls := deletions([]audit.Event{
		{User: "ds", Verb: "delete", Resource: "pods", Name: "a"},
		{User: "ds", Verb: "delete", Resource: "pods", Name: "a"},
		{User: "ds", Verb: "delete", Resource: "pods", Name: "b"},
		{User: "system:node:x", Verb: "delete", Resource: "pods", Name: "b"},
		{User: "ds", Verb: "create", Resource: "pods", Name: "c"},
		{User: "ds", Verb: "delete", Resource: "controllerrevisions", Name: "c"},
	})
	scene.Expect(t, once(scene.Pod("b", "", ""), calls["b"]), "")
	scene.Expect(t, once(scene.Pod("a", "", ""), calls["a"]), "has 2 DELETE requests for pod a, by [ds ds]")
	scene.Expect(t, once(scene.Pod("c", "", ""), calls["c"]), "has 0 DELETE requests for pod c")
}

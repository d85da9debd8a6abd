package rollout

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/suites/internal/scene"
)

func TestUnserved(t *testing.T) {
	sick, waiting, served := scene.Pod("a", "sick", "new", scene.Ready(0)), scene.Pod("b", "sound", "new"), scene.Pod("c", "sound", "new", scene.Ready(0))
	acted := map[types.UID]bool{}
	s := scene.New().Added(scene.Set(1, "new"), sick, waiting, served, scene.Pod("d", "sick", "new", scene.Ended)).State()
	for _, want := range []*corev1.Pod{sick, waiting, nil} {
		got := unserved(s, "sick", acted)
		if (got == nil) != (want == nil) || got != nil && got.UID != want.UID {
			t.Fatalf("got %v, want %v", got, want)
		}
		if got != nil {
			acted[got.UID] = true
		}
	}
}

func TestRenewed(t *testing.T) {
	old, next := scene.Pod("a", "n", "old", scene.Ready(0)), scene.Pod("b", "n", "new", scene.Ready(0))
	scene.Expect(t, renewed(scene.New().Added(scene.Set(1, "new"), old).State(), "n", old.UID), "is the old one, or not ready")
	scene.Expect(t, renewed(scene.New().Added(scene.Set(1, "new"), old, next).State(), "n", old.UID), "has 2 live pods")
	scene.Expect(t, renewed(scene.New().Added(scene.Set(1, "new"), scene.Pod("b", "n", "new")).State(), "n", old.UID), "not ready")
	scene.Expect(t, renewed(scene.New().Added(scene.Set(1, "new"), next).State(), "n", old.UID), "")
}

func TestNewOn(t *testing.T) {
	ds := scene.Set(2, "new")
	sc := scene.New().Added(ds, scene.Revision(1, "old"), scene.Revision(2, "new"), scene.Pod("a", "n", "old"))
	scene.Expect(t, newOn(ds, "n")(sc.State()), "node n does not have one pod, of the current revision")
	scene.Expect(t, newOn(ds, "m")(sc.State()), "it has 0")
	scene.Expect(t, newOn(ds, "m")(sc.Added(scene.Pod("b", "m", "new")).State()), "")
}

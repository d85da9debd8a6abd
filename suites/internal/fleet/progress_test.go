package fleet

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/suites/internal/scene"
)

// rolling is the scene of two nodes with pods of revision old, after the
// template became new; further pods come in as they are.
func rolling(pods ...*corev1.Pod) (*scene.Scene, *Fleet) {
	sc := scene.New().Added(scene.Set(1, "old"), scene.Revision(1, "old"), scene.Pod("a-old", "a", "old"), scene.Pod("b-old", "b", "old"))
	fleet := Of(sc.State(), scene.Name)
	sc.Modified(scene.Set(2, "new")).Added(scene.Revision(2, "new"))
	for _, p := range pods {
		sc.Modified(p)
	}
	return sc, fleet
}

func TestProgress(t *testing.T) {
	aGone, aNew := scene.Pod("a-old", "a", "old", scene.Terminating), scene.Pod("a-new", "a", "new")
	for name, tc := range map[string]struct {
		pods             []*corev1.Pod
		replaced, surged int
		wrong            string
	}{
		"nothing done":                     {nil, 0, 0, ""},
		"nothing done, one wanted":         {nil, 1, 0, "want exactly 1 replaced"},
		"one replaced":                     {[]*corev1.Pod{aGone, aNew}, 1, 0, ""},
		"one replaced, none wanted":        {[]*corev1.Pod{aGone, aNew}, 0, 0, "the pods of 1 nodes are replaced [a]"},
		"one surged":                       {[]*corev1.Pod{aNew}, 0, 1, ""},
		"one surged is not replaced":       {[]*corev1.Pod{aNew}, 1, 0, "of 1 nodes doubled [a]"},
		"both replaced, one wanted":        {[]*corev1.Pod{aGone, aNew, scene.Pod("b-old", "b", "old", scene.Terminating), scene.Pod("b-new", "b", "new")}, 1, 0, "[a b]"},
		"a node without a pod":             {[]*corev1.Pod{aGone}, 1, 0, "node a has 0 live pods"},
		"two new pods on a node":           {[]*corev1.Pod{aGone, aNew, scene.Pod("a-too", "a", "new")}, 1, 0, "node a has 2 live pods"},
		"a pod of another revision":        {[]*corev1.Pod{aGone, scene.Pod("a-odd", "a", "odd")}, 1, 0, `of revision "odd"`},
		"the new pod has failed":           {[]*corev1.Pod{aGone, scene.Pod("a-new", "a", "new", scene.Ended)}, 1, 0, "node a has 0 live pods"},
		"the new pod carries the old hash": {[]*corev1.Pod{aGone, scene.Pod("a-again", "a", "old")}, 1, 0, `of revision "old"`},
	} {
		t.Run(name, func(t *testing.T) {
			sc, fleet := rolling(tc.pods...)
			scene.Expect(t, fleet.Progress(scene.Set(2, "new"), tc.replaced, tc.surged)(sc.State()), tc.wrong)
		})
	}
}

func TestProgressWaitsForTheGeneration(t *testing.T) {
	sc, fleet := rolling()
	scene.Expect(t, fleet.Progress(scene.Set(3, "newer"), 0, 0)(sc.State()), "generation 3 has not arrived")
	sc.Modified(scene.Set(3, "newer"))
	scene.Expect(t, fleet.Progress(scene.Set(3, "newer"), 0, 0)(sc.State()), "holds its present template")
}

func TestKeptAndAlone(t *testing.T) {
	relabelled := scene.Pod("a-old", "a", "new")
	again := scene.Pod("a-old", "a", "old", func(p *corev1.Pod) { p.UID = "other" })
	for name, tc := range map[string]struct {
		pods        []*corev1.Pod
		kept, alone string
	}{
		"untouched":                {nil, "", ""},
		"a further pod":            {[]*corev1.Pod{scene.Pod("a-new", "a", "new")}, "", "1 further pods, the first is a-new"},
		"one terminating":          {[]*corev1.Pod{scene.Pod("a-old", "a", "old", scene.Terminating)}, "being deleted", "being deleted"},
		"one relabelled":           {[]*corev1.Pod{relabelled}, "changed its revision label", "changed its revision label"},
		"another of the same name": {[]*corev1.Pod{again}, "is gone", "is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			sc, fleet := rolling(tc.pods...)
			scene.Expect(t, fleet.Kept()(sc.State()), tc.kept)
			scene.Expect(t, fleet.Alone()(sc.State()), tc.alone)
			scene.Expect(t, fleet.Kept("b")(sc.State()), "")
			if want := map[bool]int{true: 2, false: 1}[tc.kept == ""]; len(fleet.Standing(sc.State())) != want {
				t.Errorf("old pods stand on %v", fleet.Standing(sc.State()))
			}
		})
	}
}

package fleet

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
)

func TestProgress(t *testing.T) {
	aGone, aNew := pod("a-old", "a", "old", terminating), pod("a-new", "a", "new")
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
		"both replaced, one wanted":        {[]*corev1.Pod{aGone, aNew, pod("b-old", "b", "old", terminating), pod("b-new", "b", "new")}, 1, 0, "[a b]"},
		"a node without a pod":             {[]*corev1.Pod{aGone}, 1, 0, "node a has 0 live pods"},
		"two new pods on a node":           {[]*corev1.Pod{aGone, aNew, pod("a-too", "a", "new")}, 1, 0, "node a has 2 live pods"},
		"a pod of another revision":        {[]*corev1.Pod{aGone, pod("a-odd", "a", "odd")}, 1, 0, `of revision "odd"`},
		"the new pod has failed":           {[]*corev1.Pod{aGone, pod("a-new", "a", "new", ended)}, 1, 0, "node a has 0 live pods"},
		"the new pod carries the old hash": {[]*corev1.Pod{aGone, pod("a-again", "a", "old")}, 1, 0, `of revision "old"`},
	} {
		t.Run(name, func(t *testing.T) {
			sc, fleet := rolling(tc.pods...)
			expect(t, fleet.Progress(set(2, "new"), tc.replaced, tc.surged)(sc.state()), tc.wrong)
		})
	}
}

func TestProgressWaitsForTheGeneration(t *testing.T) {
	sc, fleet := rolling()
	expect(t, fleet.Progress(set(3, "newer"), 0, 0)(sc.state()), "generation 3 has not arrived")
	sc.put(history.Modified, history.KindDaemonSet, set(3, "newer"))
	expect(t, fleet.Progress(set(3, "newer"), 0, 0)(sc.state()), "holds its present template")
}

func TestKeptAndAlone(t *testing.T) {
	relabelled := pod("a-old", "a", "new")
	again := pod("a-old", "a", "old", func(p *corev1.Pod) { p.UID = "other" })
	for name, tc := range map[string]struct {
		pods        []*corev1.Pod
		kept, alone string
	}{
		"untouched":                {nil, "", ""},
		"a further pod":            {[]*corev1.Pod{pod("a-new", "a", "new")}, "", "1 further pods, the first is a-new"},
		"one terminating":          {[]*corev1.Pod{pod("a-old", "a", "old", terminating)}, "being deleted", "being deleted"},
		"one relabelled":           {[]*corev1.Pod{relabelled}, "changed its revision label", "changed its revision label"},
		"another of the same name": {[]*corev1.Pod{again}, "is gone", "is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			sc, fleet := rolling(tc.pods...)
			expect(t, fleet.Kept()(sc.state()), tc.kept)
			expect(t, fleet.Alone()(sc.state()), tc.alone)
			expect(t, fleet.Kept("b")(sc.state()), "")
			if want := map[bool]int{true: 2, false: 1}[tc.kept == ""]; len(fleet.Standing(sc.state())) != want {
				t.Errorf("old pods stand on %v", fleet.Standing(sc.state()))
			}
		})
	}
}

// expect judges an error by a part of its text; "" wants none.
func expect(t *testing.T, err error, part string) {
	t.Helper()
	switch {
	case part == "" && err != nil:
		t.Errorf("unexpected: %v", err)
	case part != "" && (err == nil || !strings.Contains(err.Error(), part)):
		t.Errorf("got %v; want an error with %q", err, part)
	}
}

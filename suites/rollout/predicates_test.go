package rollout

import (
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/suites/internal/fleet"
	"github.com/dsconform/dsconform/suites/internal/scene"
)

// rolling is the scene of two nodes with ready pods of revision old, after the
// template became new with minReadySeconds.
func rolling(minReadySeconds int32) (*scene.Scene, *fleet.Fleet) {
	a, b := scene.Pod("a-old", "a", "old", scene.Ready(0)), scene.Pod("b-old", "b", "old", scene.Ready(0))
	sc := scene.New().Added(scene.Set(1, "old"), scene.Revision(1, "old"), a, b)
	old := fleet.Of(sc.State(), name)
	ds := scene.Set(2, "new")
	ds.Spec.MinReadySeconds = minReadySeconds
	return sc.After(time.Minute).Modified(ds).Added(scene.Revision(2, "new")), old
}

func marked(p *corev1.Pod) *corev1.Pod {
	p = p.DeepCopy()
	scene.Terminating(p)
	return p
}

func TestRelieved(t *testing.T) {
	for name, tc := range map[string]struct {
		readyFor time.Duration
		wrong    string
	}{
		"available":       {4 * time.Second, ""},
		"a second early":  {3 * time.Second, ""}, // clocks may differ by that much
		"two early":       {2 * time.Second, "while the new pod a-new is not available"},
		"ready just then": {0, "while the new pod a-new is not available"},
	} {
		t.Run(name, func(t *testing.T) {
			sc, old := rolling(4)
			sc.Added(scene.Pod("a-new", "a", "new", scene.Ready(time.Minute)))
			updated := &fleet.Fleet{Name: scene.Name, Pods: map[string]*corev1.Pod{"a": scene.Pod("a-new", "a", "new")}}
			sc.After(tc.readyFor).Modified(marked(old.Pods["a"]))
			scene.Expect(t, old.EachMark(scene.Space, sc.Entries, relieved(updated)), tc.wrong)
		})
	}
	sc, old := rolling(0)
	sc.Modified(marked(old.Pods["a"])).Added(scene.Pod("a-new", "a", "new"))
	updated := &fleet.Fleet{Name: scene.Name, Pods: map[string]*corev1.Pod{"a": scene.Pod("a-new", "a", "new")}}
	scene.Expect(t, old.EachMark(scene.Space, sc.Entries, relieved(updated)), "while there is no new pod")
}

func TestOthersAvailable(t *testing.T) {
	sc, old := rolling(3)
	sc.Modified(marked(old.Pods["a"])).Deleted(marked(old.Pods["a"])).Added(scene.Pod("a-new", "a", "new", scene.Ready(time.Minute)))
	early := *sc
	early.Entries = slices.Clone(sc.Entries)
	early.After(time.Second).Modified(marked(old.Pods["b"]))
	scene.Expect(t, old.EachMark(scene.Space, early.Entries, othersAvailable(old)), "pod b-old of node b is deleted while nodes [a]")
	sc.After(3 * time.Second).Modified(marked(old.Pods["b"]))
	scene.Expect(t, old.EachMark(scene.Space, sc.Entries, othersAvailable(old)), "")
}

func TestCountedEarly(t *testing.T) {
	ds := scene.Set(1, "old")
	ds.Spec.MinReadySeconds = 5
	counted := ds.DeepCopy()
	counted.Status.NumberAvailable = 1
	for at, wrong := range map[time.Duration]string{
		3 * time.Second: "numberAvailable is 1 when 0 pods", 4 * time.Second: "", 6 * time.Second: "",
	} {
		sc := scene.New().Added(ds, scene.Pod("a", "a", "old", scene.Ready(0))).After(at).Modified(counted)
		scene.Expect(t, fleet.EachOf(scene.Space, sc.Entries, countedEarly()), wrong)
	}
}

// A status that still counts a pod which has lapsed is late. It is early once
// the controller has said, by numberReady, that it has heard of the lapse.
func TestCountedEarlyAfterALapse(t *testing.T) {
	ds := scene.Set(1, "old")
	ds.Spec.MinReadySeconds = 5
	status := func(ready, available int32) *appsv1.DaemonSet {
		out := ds.DeepCopy()
		out.Status.NumberReady, out.Status.NumberAvailable = ready, available
		return out
	}
	lapsed := func() *scene.Scene {
		return scene.New().Added(ds, scene.Pod("a", "a", "old", scene.Ready(0))).
			After(4 * time.Second).Modified(scene.Pod("a", "a", "old"))
	}
	judged := func(sc *scene.Scene) error { return fleet.EachOf(scene.Space, sc.Entries, countedEarly()) }
	scene.Expect(t, judged(lapsed().After(2*time.Second).Modified(status(1, 1))), "")
	scene.Expect(t, judged(lapsed().After(2*time.Second).Modified(status(0, 1))), "numberAvailable is 1 when 0 pods")
	again := func(sc *scene.Scene) *scene.Scene {
		return sc.Modified(scene.Pod("a", "a", "old", scene.Ready(5*time.Second)))
	}
	heard := lapsed().Modified(status(0, 0)).After(time.Second)
	scene.Expect(t, judged(again(heard).After(time.Second).Modified(status(1, 1))), "numberAvailable is 1 when 0 pods")
	scene.Expect(t, judged(again(lapsed()).After(time.Second).Modified(status(1, 1))), "")
}

func TestEnded(t *testing.T) {
	grace := int64(2 * pause)
	for name, tc := range map[string]struct {
		given *int64
		took  time.Duration
		wrong string
	}{
		"honoured":           {&grace, pause * time.Second, ""},
		"too soon":           {&grace, time.Second, "before its preStop pause"},
		"another grace":      {new(int64), pause * time.Second, fmt.Sprintf("with a grace period of 0 s, its own is %d s", grace)},
		"no grace was given": {nil, pause * time.Second, "with a grace period of no s"},
	} {
		t.Run(name, func(t *testing.T) {
			own := scene.Pod("a", "a", "old")
			own.Spec.TerminationGracePeriodSeconds = &grace
			sc := scene.New().Added(scene.Set(1, "old"), own)
			old := fleet.Of(sc.State(), name)
			old.Pods = map[string]*corev1.Pod{"a": own}
			mark := marked(own)
			mark.DeletionGracePeriodSeconds = tc.given
			scene.Expect(t, ended(sc.Entries, old), "never seen terminating")
			sc.Modified(mark)
			if tc.wrong == "" {
				scene.Expect(t, ended(sc.Entries, old), "is not gone")
			}
			scene.Expect(t, ended(sc.After(tc.took).Deleted(mark.DeepCopy()).Entries, old), tc.wrong)
		})
	}
}

func TestNotBeside(t *testing.T) {
	sc, old := rolling(0)
	own, next := old.Pods["a"], scene.Pod("a-new", "a", "new")
	sc.Modified(marked(own))
	beside := scene.New()
	beside.Entries = slices.Clone(sc.Entries)
	scene.Expect(t, fleet.EachOf(scene.Space, beside.Added(next).Entries, notBeside(own)), "pod a-new is made while pod a-old still runs")
	over := marked(own)
	scene.Ended(over)
	scene.Expect(t, fleet.EachOf(scene.Space, sc.Modified(over).Added(next).Entries, notBeside(own)), "")
}

func TestOneGone(t *testing.T) {
	sc, old := rolling(0)
	scene.Expect(t, oneGone(old, "a")(sc.State()), "the old pods stand on [a b]")
	sc.Modified(marked(old.Pods["a"]))
	scene.Expect(t, oneGone(old, "a")(sc.State()), "")
	scene.Expect(t, oneGone(old, "b")(sc.State()), "pod a-old of node a is being deleted")
	sc.Deleted(marked(old.Pods["b"]))
	scene.Expect(t, oneGone(old, "a")(sc.State()), "pod b-old of node b is gone")
}

func TestGenerationBounds(t *testing.T) {
	ds := scene.Set(2, "new")
	ds.Status.ObservedGeneration = 2
	scene.Expect(t, fleet.EachOf(scene.Space, scene.New().Added(ds).Entries, generationBounds), "")
	ahead := ds.DeepCopy()
	ahead.Status.ObservedGeneration = 3
	scene.Expect(t, fleet.EachOf(scene.Space, scene.New().Added(ahead).Entries, generationBounds), "observedGeneration is 3 at generation 2")
}

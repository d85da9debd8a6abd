package fleet

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/scene"
)

func TestAtMostUnavailable(t *testing.T) {
	sc := scene.New().Added(scene.Set(1, "old")).
		// Before the generation that is judged, nobody is ready and nothing is said.
		Added(scene.Pod("a", "a", "old")).Added(scene.Pod("b", "b", "old")).
		Modified(scene.Pod("a", "a", "old", scene.Ready(0))).Modified(scene.Pod("b", "b", "old", scene.Ready(0))).
		Modified(scene.Set(2, "new")).
		Modified(scene.Pod("a", "a", "old", scene.Ready(0), scene.Terminating))
	judge := AtMostUnavailable(scene.Set(2, "new"), []string{"a", "b"}, 1)
	scene.Expect(t, EachOf(scene.Space, sc.Entries, judge), "")
	sc.Added(scene.Pod("a-new", "a", "new")).Modified(scene.Pod("b", "b", "old", scene.Ready(0), scene.Terminating))
	scene.Expect(t, EachOf(scene.Space, sc.Entries, judge), "nodes [a b] are without an available pod; at most 1 may be (entry #9")
}

func TestUnavailableCountsMinReadySeconds(t *testing.T) {
	patient := scene.Set(1, "old")
	patient.Spec.MinReadySeconds = 10
	sc := scene.New().Added(patient).Added(scene.Pod("a", "a", "old", scene.Ready(0)))
	for at, want := range map[time.Duration]int{0: 1, 8 * time.Second: 1, 9 * time.Second: 0, 20 * time.Second: 0} {
		s := sc.State()
		s.SetNow(scene.Start().Add(at))
		if got := Unavailable(s, patient, []string{"a"}); len(got) != want {
			t.Errorf("%s after the pod became ready, %v are unavailable; want %d of them", at, got, want)
		}
	}
}

func TestEachMark(t *testing.T) {
	sc, fleet := rolling(scene.Pod("a-old", "a", "old", scene.Terminating), scene.Pod("a-old", "a", "old", scene.Terminating))
	sc.Deleted(scene.Pod("a-old", "a", "old", scene.Terminating)).
		Deleted(scene.Pod("b-old", "b", "old")).
		Deleted(scene.Pod("stranger", "b", "old"))
	var marks []string
	note := func(before *history.State, en history.Entry, node string) error {
		if before.Pod(en.Name) == nil {
			return errors.New("the state is not the one before")
		}
		marks = append(marks, fmt.Sprint(en.Seq, node))
		return nil
	}
	scene.Expect(t, fleet.EachMark(scene.Space, sc.Entries, note), "")
	if want := []string{"7a", "10b"}; !slices.Equal(marks, want) {
		t.Errorf("marks at %v, want %v", marks, want)
	}
	scene.Expect(t, fleet.EachMark(scene.Space, sc.Entries, func(_ *history.State, _ history.Entry, node string) error { return errors.New("not " + node) }), "not a (entry #7")
}

func TestEver(t *testing.T) {
	sc, _ := rolling(scene.Pod("a-new", "a", "new"), scene.Pod("a-new", "a", "new", scene.Terminating), scene.Pod("b-new", "b", "new"))
	if got := Ever(sc.Entries, "new"); !slices.Equal(got, []string{"a-new", "b-new"}) {
		t.Errorf("pods of the new revision were %v", got)
	}
}

func TestWork(t *testing.T) {
	sc, _ := rolling(scene.Pod("a-new", "a", "new"))
	sc.Added(scene.Pod("b-new", "b", "new"))
	var work []int64
	for _, en := range sc.Entries {
		if Work(scene.Space)(en) {
			work = append(work, en.Seq)
		}
	}
	if want := []int64{1, 2, 3, 4, 5, 6, 8}; !slices.Equal(work, want) {
		t.Errorf("the controller's work is entries %v, want %v", work, want)
	}
}

func TestStatusIsNotJudgedBeforeItsGeneration(t *testing.T) {
	ds := scene.Set(2, "new")
	ds.Status = appsv1.DaemonSetStatus{ObservedGeneration: 1, NumberReady: 2}
	counts := Counts(scene.Set(2, "new"), map[string]int32{"numberReady": 2})
	scene.Expect(t, counts(scene.New().Added(ds).State()), "observedGeneration of DaemonSet agent is 1, its generation 2")
	seen := ds.DeepCopy()
	seen.Status.ObservedGeneration = 2
	scene.Expect(t, counts(scene.New().Added(seen).State()), "")
	fewer := seen.DeepCopy()
	fewer.Status.NumberReady = 1
	scene.Expect(t, counts(scene.New().Added(fewer).State()), "status.numberReady of DaemonSet agent is 1, not 2")
}

func TestReadyFor(t *testing.T) {
	sc := scene.New().Added(scene.Set(1, "old")).Added(scene.Pod("a", "a", "old", scene.Ready(0)))
	fleet := Of(sc.State(), "agent")
	err := fleet.ReadyFor(5 * time.Second)(sc.State())
	var retry *history.RetryError
	if !errors.As(err, &retry) || !retry.At.Equal(scene.Start().Add(5*time.Second)) {
		t.Errorf("got %v; want to be asked again 5 s after the pod became ready", err)
	}
	s := sc.State()
	s.SetNow(scene.Start().Add(5 * time.Second))
	scene.Expect(t, fleet.ReadyFor(5*time.Second)(s), "")
	sc.Modified(scene.Pod("a", "a", "old"))
	scene.Expect(t, fleet.ReadyFor(0)(sc.State()), "pod a is not ready")
	scene.Expect(t, fleet.Unready()(sc.State()), "")
	scene.Expect(t, fleet.Unready()(s), "pod a is ready")
}

func TestCountsNamesEveryNumberOfTheAPI(t *testing.T) {
	ds := scene.Set(1, "old")
	ds.Status = appsv1.DaemonSetStatus{
		ObservedGeneration: 1, DesiredNumberScheduled: 1, CurrentNumberScheduled: 2, UpdatedNumberScheduled: 3,
		NumberMisscheduled: 4, NumberReady: 5, NumberAvailable: 6, NumberUnavailable: 7,
	}
	scene.Expect(t, Counts(ds, map[string]int32{
		"desiredNumberScheduled": 1, "currentNumberScheduled": 2, "updatedNumberScheduled": 3,
		"numberMisscheduled": 4, "numberReady": 5, "numberAvailable": 6, "numberUnavailable": 7,
	})(scene.New().Added(ds).State()), "")
}

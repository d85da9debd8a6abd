package fleet

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/dsconform/dsconform/framework/history"
)

func TestAtMostUnavailable(t *testing.T) {
	sc := newScene().put(history.Added, history.KindDaemonSet, set(1, "old")).
		// Before the generation that is judged, nobody is ready and nothing is said.
		put(history.Added, history.KindPod, pod("a", "a", "old")).put(history.Added, history.KindPod, pod("b", "b", "old")).
		put(history.Modified, history.KindPod, pod("a", "a", "old", ready(0))).put(history.Modified, history.KindPod, pod("b", "b", "old", ready(0))).
		put(history.Modified, history.KindDaemonSet, set(2, "new")).
		put(history.Modified, history.KindPod, pod("a", "a", "old", ready(0), terminating))
	judge := AtMostUnavailable(set(2, "new"), []string{"a", "b"}, 1)
	expect(t, EachOf(space, sc.entries, judge), "")
	sc.put(history.Added, history.KindPod, pod("a-new", "a", "new")).put(history.Modified, history.KindPod, pod("b", "b", "old", ready(0), terminating))
	expect(t, EachOf(space, sc.entries, judge), "nodes [a b] are without an available pod; at most 1 may be (entry #9")
}

func TestUnavailableCountsMinReadySeconds(t *testing.T) {
	patient := set(1, "old")
	patient.Spec.MinReadySeconds = 10
	sc := newScene().put(history.Added, history.KindDaemonSet, patient).put(history.Added, history.KindPod, pod("a", "a", "old", ready(0)))
	for at, want := range map[time.Duration]int{0: 1, 8 * time.Second: 1, 9 * time.Second: 0, 20 * time.Second: 0} {
		s := sc.state()
		s.SetNow(start.Add(at))
		if got := Unavailable(s, patient, []string{"a"}); len(got) != want {
			t.Errorf("%s after the pod became ready, %v are unavailable; want %d of them", at, got, want)
		}
	}
}

func TestEachMark(t *testing.T) {
	sc, fleet := rolling(pod("a-old", "a", "old", terminating), pod("a-old", "a", "old", terminating))
	sc.put(history.Deleted, history.KindPod, pod("a-old", "a", "old", terminating)).
		put(history.Deleted, history.KindPod, pod("b-old", "b", "old")).
		put(history.Deleted, history.KindPod, pod("stranger", "b", "old"))
	var marks []string
	note := func(before *history.State, en history.Entry, node string) error {
		if before.Pod(en.Name) == nil {
			return errors.New("the state is not the one before")
		}
		marks = append(marks, fmt.Sprint(en.Seq, node))
		return nil
	}
	expect(t, fleet.EachMark(space, sc.entries, note), "")
	if want := []string{"7a", "10b"}; !slices.Equal(marks, want) {
		t.Errorf("marks at %v, want %v", marks, want)
	}
	expect(t, fleet.EachMark(space, sc.entries, func(_ *history.State, _ history.Entry, node string) error { return errors.New("not " + node) }), "not a (entry #7")
}

func TestEver(t *testing.T) {
	sc, _ := rolling(pod("a-new", "a", "new"), pod("a-new", "a", "new", terminating), pod("b-new", "b", "new"))
	if got := Ever(sc.entries, "new"); !slices.Equal(got, []string{"a-new", "b-new"}) {
		t.Errorf("pods of the new revision were %v", got)
	}
}

func TestWork(t *testing.T) {
	sc, _ := rolling(pod("a-new", "a", "new"))
	sc.put(history.Added, history.KindPod, pod("b-new", "b", "new"))
	var work []int64
	for _, en := range sc.entries {
		if Work(space)(en) {
			work = append(work, en.Seq)
		}
	}
	if want := []int64{1, 2, 3, 4, 5, 6, 8}; !slices.Equal(work, want) {
		t.Errorf("the controller's work is entries %v, want %v", work, want)
	}
}

func TestStatusIsNotJudgedBeforeItsGeneration(t *testing.T) {
	ds := set(2, "new")
	ds.Status = appsv1.DaemonSetStatus{ObservedGeneration: 1, NumberReady: 2}
	counts := Counts(set(2, "new"), map[string]int32{"numberReady": 2})
	expect(t, counts(newScene().put(history.Added, history.KindDaemonSet, ds).state()), "observedGeneration of DaemonSet agent is 1, its generation 2")
	seen := ds.DeepCopy()
	seen.Status.ObservedGeneration = 2
	expect(t, counts(newScene().put(history.Added, history.KindDaemonSet, seen).state()), "")
	fewer := seen.DeepCopy()
	fewer.Status.NumberReady = 1
	expect(t, counts(newScene().put(history.Added, history.KindDaemonSet, fewer).state()), "status.numberReady of DaemonSet agent is 1, not 2")
}

func TestReadyFor(t *testing.T) {
	sc := newScene().put(history.Added, history.KindDaemonSet, set(1, "old")).put(history.Added, history.KindPod, pod("a", "a", "old", ready(0)))
	fleet := Of(sc.state(), "agent")
	err := fleet.ReadyFor(5 * time.Second)(sc.state())
	var retry *history.RetryError
	if !errors.As(err, &retry) || !retry.At.Equal(start.Add(5*time.Second)) {
		t.Errorf("got %v; want to be asked again 5 s after the pod became ready", err)
	}
	s := sc.state()
	s.SetNow(start.Add(5 * time.Second))
	expect(t, fleet.ReadyFor(5*time.Second)(s), "")
	sc.put(history.Modified, history.KindPod, pod("a", "a", "old"))
	expect(t, fleet.ReadyFor(0)(sc.state()), "pod a is not ready")
	expect(t, fleet.Unready()(sc.state()), "")
	expect(t, fleet.Unready()(s), "pod a is ready")
}

func TestCountsNamesEveryNumberOfTheAPI(t *testing.T) {
	ds := set(1, "old")
	ds.Status = appsv1.DaemonSetStatus{
		ObservedGeneration: 1, DesiredNumberScheduled: 1, CurrentNumberScheduled: 2, UpdatedNumberScheduled: 3,
		NumberMisscheduled: 4, NumberReady: 5, NumberAvailable: 6, NumberUnavailable: 7,
	}
	expect(t, Counts(ds, map[string]int32{
		"desiredNumberScheduled": 1, "currentNumberScheduled": 2, "updatedNumberScheduled": 3,
		"numberMisscheduled": 4, "numberReady": 5, "numberAvailable": 6, "numberUnavailable": 7,
	})(newScene().put(history.Added, history.KindDaemonSet, ds).state()), "")
}

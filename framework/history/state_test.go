package history

import (
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func namesOf[T metav1.Object](objects []T) []string {
	var out []string
	for _, o := range objects {
		out = append(out, o.GetName())
	}
	return out
}

func TestReplayIsThePictureAfterTheLastEntry(t *testing.T) {
	last := entry(9, KindNode, Added, "n2", "9", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n2"}})
	s := Replay("spec", []Entry{
		entry(1, KindNode, Listed, "n1", "1", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}),
		entry(2, KindDaemonSet, Added, "d", "2", &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "d"}}),
		entry(3, KindDaemonSet, Added, "e", "3", &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "e"}}),
		entry(4, KindControllerRevision, Added, "r", "4", &appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Name: "r"}}),
		entry(5, KindEvent, Added, "v", "5", &corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "v"}}),
		entry(6, KindNode, Deleted, "n1", "6", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}),
		entry(7, KindDaemonSet, Deleted, "d", "7", &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "d"}}),
		last,
		{Seq: 10, Time: last.Time.Add(time.Second), Kind: KindPod, Change: Gap, Text: "lost"},
		{Seq: 11, Time: last.Time.Add(2 * time.Second), Kind: KindAction, Change: Note, Text: "waits"},
	})
	if s.Namespace() != "spec" || s.In("far").Namespace() != "far" {
		t.Errorf("seen from %q and %q", s.Namespace(), s.In("far").Namespace())
	}
	want(t, namesOf(s.Nodes()), "n2")
	want(t, namesOf(s.DaemonSets()), "e")
	want(t, namesOf(s.Revisions()), "r")
	want(t, namesOf(s.Events()), "v")
	if s.Node("n1") != nil || s.Node("n2") == nil || s.DaemonSet("d") != nil || len(s.Pods()) != 0 {
		t.Error("lookups by name are wrong")
	}
	if !s.LastChange().Equal(last.Time) {
		t.Errorf("the last change was at %v, want %v: deeds and gaps change no object", s.LastChange(), last.Time)
	}
	if !s.Now().Equal(last.Time.Add(2 * time.Second)) {
		t.Errorf("it is looked at %v, want the last entry's arrival", s.Now())
	}
}

func TestThePictureIsNeverOfAnEarlierMoment(t *testing.T) {
	s := NewState("spec")
	s.SetNow(t0)
	s.SetNow(t0.Add(-time.Nanosecond))
	s.Apply(Entry{Time: t0.Add(-time.Hour), Kind: KindAction})
	if !s.Now().Equal(t0) {
		t.Errorf("it moved back to %v", s.Now())
	}
	s.SetNow(t0.Add(time.Nanosecond))
	if !s.Now().Equal(t0.Add(time.Nanosecond)) || !s.LastChange().IsZero() {
		t.Errorf("now %v, last change %v", s.Now(), s.LastChange())
	}
}

func TestAPodIsListedWithTheControllerItHasNow(t *testing.T) {
	of := func(uid types.UID) *appsv1.DaemonSet {
		return &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", UID: uid}}
	}
	type step struct {
		change Change
		owner  types.UID
	}
	for name, tc := range map[string]struct {
		steps []step
		u, v  int
	}{
		"made":                           {[]step{{Added, "U"}}, 1, 0},
		"an orphan":                      {[]step{{Added, ""}}, 0, 0},
		"adopted":                        {[]step{{Added, ""}, {Modified, "U"}}, 1, 0},
		"released":                       {[]step{{Added, "U"}, {Modified, ""}}, 0, 0},
		"handed over":                    {[]step{{Added, "U"}, {Modified, "V"}}, 0, 1},
		"changed":                        {[]step{{Added, "U"}, {Modified, "U"}}, 1, 0},
		"deleted":                        {[]step{{Added, "U"}, {Deleted, "U"}}, 0, 0},
		"deleted with its last change":   {[]step{{Added, "U"}, {Deleted, "V"}}, 0, 0},
		"an orphan deleted":              {[]step{{Added, ""}, {Deleted, ""}}, 0, 0},
		"deleted before it was heard of": {[]step{{Deleted, "U"}}, 0, 0},
		"made again for another":         {[]step{{Added, "U"}, {Deleted, "U"}, {Added, "V"}}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewState("spec")
			s.Apply(Entry{Kind: KindPod, Change: Added, Namespace: "spec", Name: "other", Object: ownedPod("spec", "other", "W")})
			var last *corev1.Pod
			for _, step := range tc.steps {
				last = ownedPod("spec", "p", step.owner)
				s.Apply(Entry{Kind: KindPod, Change: step.change, Namespace: "spec", Name: "p", Object: last})
			}
			u, v := s.PodsOf(of("U")), s.PodsOf(of("V"))
			if len(u) != tc.u || len(v) != tc.v || len(s.PodsOf(of("W"))) != 1 {
				t.Errorf("U has %v and V %v, want %d and %d", namesOf(u), namesOf(v), tc.u, tc.v)
			}
			if got := append(u, v...); len(got) == 1 && got[0] != last {
				t.Error("the version listed is not the last one")
			}
		})
	}
}

func TestAClonedPictureStandsStill(t *testing.T) {
	s := NewState("spec")
	s.Apply(entry(1, KindNode, Added, "n1", "1", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}))
	s.Apply(entry(2, KindEvent, Added, "v1", "2", &corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "v1"}}))
	pod := ownedPod("spec", "p", "")
	act := Entry{Time: t0, Kind: KindAction, Change: Note, On: KindPod, Namespace: "spec", UID: pod.UID}
	s.Apply(act)
	kept := s.Clone()
	s.Apply(entry(3, KindNode, Added, "n2", "3", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n2"}}))
	s.Apply(entry(4, KindEvent, Deleted, "v1", "4", &corev1.Event{}))
	s.Apply(entry(5, KindControllerRevision, Added, "r", "5", &appsv1.ControllerRevision{}))
	for range 3 { // into the room that the slice of deeds has left, too
		s.Apply(act)
	}
	kept.Apply(Entry{Kind: KindAction, On: KindNode, Name: "else"})
	want(t, namesOf(kept.Nodes()), "n1")
	want(t, namesOf(kept.Events()), "v1")
	if len(kept.Revisions()) != 0 || !kept.LastChange().Equal(t0.Add(2*time.Millisecond)) {
		t.Errorf("revisions %v, last change %v", kept.Revisions(), kept.LastChange())
	}
	if moved, still := len(s.ActionsOn(KindPod, pod)), len(kept.ActionsOn(KindPod, pod)); moved != 4 || still != 1 {
		t.Errorf("%d deeds and %d in the copy, want 4 and 1", moved, still)
	}
}

func TestListsAreTheCallersOwn(t *testing.T) {
	s := NewState("spec")
	ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: "d", UID: "U"}}
	for i, name := range []string{"b", "a"} {
		s.Apply(entry(int64(i), KindPod, Added, name, "1", ownedPod("spec", name, "U")))
		s.Apply(entry(int64(i), KindNode, Added, name, "1", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}))
	}
	slices.Reverse(s.Pods())
	slices.Reverse(s.PodsOf(ds))
	slices.Reverse(s.Nodes())
	want(t, append(append(namesOf(s.Pods()), namesOf(s.PodsOf(ds))...), namesOf(s.Nodes())...), "a", "b", "a", "b", "a", "b")
}

func TestRevisionsOfADaemonSetAreListedByNumber(t *testing.T) {
	s := NewState("far") // the DaemonSet's own namespace counts, not the one that is looked from
	add := func(ns, name string, number int64, owner types.UID, controls bool) {
		cr := &appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}, Revision: number}
		if owner != "" {
			cr.OwnerReferences = []metav1.OwnerReference{{UID: owner, Controller: &controls}}
		}
		s.Apply(Entry{Kind: KindControllerRevision, Change: Added, Namespace: ns, Name: name, Object: cr})
	}
	add("spec", "d-a", 10, "U", true)
	add("spec", "d-b", 9, "U", true)
	add("spec", "d-c", 10, "U", true)
	add("spec", "owned-but-not-controlled", 1, "U", false)
	add("spec", "of-another", 2, "V", true)
	add("spec", "of-nobody", 3, "", false)
	add("far", "elsewhere", 4, "U", true)
	ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: "d", UID: "U"}}
	want(t, namesOf(s.RevisionsOf(ds)), "d-b", "d-a", "d-c")
}

func TestEventTimeIsTheLatestThatAnyFieldTells(t *testing.T) {
	at := func(s int) time.Time { return t0.Add(time.Duration(s) * time.Second) }
	for name, tc := range map[string]struct {
		edit func(*corev1.Event)
		want int
	}{
		"when it was made": {func(*corev1.Event) {}, 0},
		"eventTime":        {func(e *corev1.Event) { e.EventTime = metav1.NewMicroTime(at(1)) }, 1},
		"firstTimestamp":   {func(e *corev1.Event) { e.FirstTimestamp = metav1.NewTime(at(2)) }, 2},
		"lastTimestamp": {func(e *corev1.Event) {
			e.FirstTimestamp, e.LastTimestamp = metav1.NewTime(at(2)), metav1.NewTime(at(3))
		}, 3},
		"a field of before":           {func(e *corev1.Event) { e.LastTimestamp = metav1.NewTime(at(-1)) }, 0},
		"its series":                  {func(e *corev1.Event) { e.Series = &corev1.EventSeries{LastObservedTime: metav1.NewMicroTime(at(4))} }, 4},
		"a series that has not begun": {func(e *corev1.Event) { e.Series = &corev1.EventSeries{} }, 0},
		"fields newer than the series": {func(e *corev1.Event) {
			e.LastTimestamp, e.Series = metav1.NewTime(at(5)), &corev1.EventSeries{LastObservedTime: metav1.NewMicroTime(at(4))}
		}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			e := &corev1.Event{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(at(0))}}
			tc.edit(e)
			if got := EventTime(e); !got.Equal(at(tc.want)) {
				t.Errorf("got %v, want %v", got, at(tc.want))
			}
		})
	}
}

func TestEventsForAskForKindAndName(t *testing.T) {
	s := NewState("spec")
	for i, about := range []corev1.ObjectReference{{Kind: "Pod", Name: "a"}, {Kind: "Pod", Name: "b"}, {Kind: "DaemonSet", Name: "a"}} {
		name := fmt.Sprint("e", i)
		s.Apply(Entry{Kind: KindEvent, Change: Added, Namespace: "spec", Name: name, Object: &corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: name}, InvolvedObject: about}})
	}
	want(t, namesOf(s.EventsFor("Pod", "a")), "e0")
	want(t, namesOf(s.EventsFor("DaemonSet", "a")), "e2")
	want(t, namesOf(s.EventsFor("DaemonSet", "b")))
	want(t, namesOf(s.Events()), "e0", "e1", "e2")
}

func TestHowFarADeedReachesInTime(t *testing.T) {
	pod := ownedPod("spec", "p", "U")
	unnamed := Entry{Kind: KindAction, On: KindPod, Namespace: "spec"}
	whole := Entry{Kind: KindAction, On: "Namespace", Name: "spec"}
	for name, tc := range map[string]struct {
		act  Entry
		ago  time.Duration
		want int
	}{
		"an unnamed one, to the last instant":   {unnamed, 10 * time.Second, 1},
		"an unnamed one, an instant too long":   {unnamed, 10*time.Second + 1, 0},
		"an unnamed one to come":                {unnamed, -10 * time.Second, 1},
		"an unnamed one to come, too far":       {unnamed, -10*time.Second - 1, 0},
		"the end of the namespace, right now":   {whole, 0, 1},
		"the end of the namespace, to come":     {whole, -1, 0},
		"the end of another namespace":          {Entry{Kind: KindAction, On: "Namespace", Name: "far"}, time.Second, 0},
		"what is no deed does not count as one": {Entry{Kind: KindPod, On: KindPod, Namespace: "spec"}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewState("spec")
			tc.act.Time = t0.Add(-tc.ago)
			s.Preload([]Entry{tc.act})
			s.SetNow(t0)
			if got := len(s.ActionsOn(KindPod, pod)); got != tc.want {
				t.Errorf("found %d, want %d", got, tc.want)
			}
		})
	}
}

package history

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/dsconform/dsconform/internal/exit"
)

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 678000000, time.UTC)

func entry(seq int64, kind Kind, change Change, name, rv string, o runtime.Object) Entry {
	return Entry{
		Seq: seq, Time: t0.Add(time.Duration(seq) * time.Millisecond), Kind: kind, Change: change,
		Namespace: "spec", Name: name, UID: types.UID("uid-" + name), ResourceVersion: rv, Object: o,
	}
}

func sample(t *testing.T) []Entry {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: "p", UID: "uid-p", ManagedFields: []metav1.ManagedFieldsEntry{{
		Manager: "kubelet", Operation: metav1.ManagedFieldsOperationUpdate, Subresource: "status",
		FieldsV1: metav1.NewFieldsV1(`{"f:status":{}}`), FieldsType: "FieldsV1", APIVersion: "v1",
	}}}}
	if _, err := trim(KindPod, pod); err != nil {
		t.Fatal(err)
	}
	return []Entry{
		entry(1, KindPod, Listed, "p", "5", pod),
		{Seq: 2, Time: t0, Kind: KindAction, Change: Note, On: KindPod, Namespace: "spec", Name: "p", Text: `deletes <pod> "p"`},
		{Seq: 3, Time: t0, Kind: KindPod, Change: Gap, Namespace: "spec", Text: "lost"},
		entry(4, KindDaemonSet, Added, "d", "9", &appsv1.DaemonSet{TypeMeta: metav1.TypeMeta{Kind: "DaemonSet", APIVersion: "apps/v1"}, ObjectMeta: metav1.ObjectMeta{Name: "d", Labels: map[string]string{"b": "2", "a": "1"}}}),
		entry(5, KindControllerRevision, Added, "c", "10", &appsv1.ControllerRevision{Revision: 3, Data: runtime.RawExtension{Raw: []byte(`{"spec":{}}`)}}),
		entry(6, KindNode, Modified, "n", "11", &corev1.Node{}),
		entry(7, KindEvent, Added, "e", "12", &corev1.Event{Reason: "SuccessfulCreate"}),
	}
}

func TestTrimKeepsWhoWroteButNotWhat(t *testing.T) {
	m := sample(t)[0].Object.(*corev1.Pod).ManagedFields[0]
	if m.Manager != "kubelet" || m.Subresource != "status" || m.Operation != metav1.ManagedFieldsOperationUpdate || m.FieldsV1 != nil {
		t.Errorf("got %+v", m)
	}
}

func TestJSONLRoundTrip(t *testing.T) {
	entries := sample(t)
	var first, second bytes.Buffer
	if err := errors.Join(WriteJSONL(&first, entries), WriteJSONL(&second, entries)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same log gave other bytes")
	}
	if n := strings.Count(first.String(), "\n"); n != len(entries) {
		t.Errorf("%d lines for %d entries", n, len(entries))
	}
	got, err := ReadJSONL(&first)
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		if !reflect.DeepEqual(got[i], entries[i]) {
			t.Errorf("entry %d: got %+v\nwant %+v", i, got[i], entries[i])
		}
	}
	var again bytes.Buffer
	if err := WriteJSONL(&again, got); err != nil || again.String() != second.String() {
		t.Errorf("written again it differs (%v)", err)
	}
}

func TestReadJSONLIsStrict(t *testing.T) {
	var whole bytes.Buffer
	if err := WriteJSONL(&whole, sample(t)); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ text, want string }{
		"cut":            {whole.String()[:whole.Len()-20], "line 7"},
		"unknown field":  {`{"seq":1,"colour":"red"}`, "colour"},
		"unknown kind":   {`{"seq":1,"kind":"Pot","change":"Added","object":{}}`, `unknown kind "Pot"`},
		"unknown change": {`{"seq":1,"kind":"Pod","change":"Moved","object":{}}`, `unknown change "Moved"`},
		"no object":      {`{"seq":1,"kind":"Pod","change":"Added","name":"p"}`, "without its object"},
		"gap with one":   {`{"seq":1,"kind":"Pod","change":"Gap","object":{}}`, "holds an object"},
		"no JSON":        {"hello\n", "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadJSONL(strings.NewReader(tc.text))
			if err == nil || !strings.Contains(err.Error(), tc.want) || exit.Of(err) != exit.Usage {
				t.Errorf("got %v, want a usage error with %q", err, tc.want)
			}
		})
	}
}

func seqs(entries []Entry) []int64 {
	var out []int64
	for _, e := range entries {
		out = append(out, e.Seq)
	}
	return out
}

func TestSortedFollowsTheStoreAcrossWatches(t *testing.T) {
	pod, node := &corev1.Pod{}, &corev1.Node{}
	log := []Entry{
		entry(1, KindNode, Listed, "n", "50", node),
		entry(2, KindPod, Listed, "p", "40", pod),
		entry(3, KindPod, Added, "q", "103", pod), // arrives before the node change that led to it
		{Seq: 4, Kind: KindAction, Change: Note},
		entry(5, KindEvent, Added, "e", "7", &corev1.Event{}), // its number is of another store
		entry(6, KindNode, Modified, "n", "102", node),
		entry(7, KindPod, Modified, "q", "105", pod),
		{Seq: 8, Kind: KindPod, Change: Gap},
		entry(9, KindPod, Deleted, "q", "1000", pod), // 1000 > 105 as a number, not as text
	}
	want := []int64{2, 1, 6, 3, 4, 5, 7, 8, 9}
	if got := seqs(Sorted(log)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// The order does not depend on how the entries are handed in.
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		random.Shuffle(len(log), func(i, j int) { log[i], log[j] = log[j], log[i] })
		if got := seqs(Sorted(log)); !slices.Equal(got, want) {
			t.Fatalf("shuffled: got %v, want %v", got, want)
		}
	}
	foreign := []Entry{entry(1, KindPod, Added, "p", "103", pod), entry(2, KindNode, Added, "n", "x-1", node), entry(3, KindPod, Added, "q", "1", pod)}
	if got := seqs(Sorted(foreign)); !slices.Equal(got, []int64{1, 2, 3}) {
		t.Errorf("numbers that cannot be read: got %v, want the order of arrival", got)
	}
}

func ownedPod(ns, name string, owner types.UID) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, UID: types.UID("uid-" + name)}}
	if owner != "" {
		yes := true
		p.OwnerReferences = []metav1.OwnerReference{{UID: owner, Controller: &yes}}
	}
	return p
}

func TestStateQueries(t *testing.T) {
	ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: "d", UID: "U"}}
	s := NewState("spec")
	add := func(change Change, kind Kind, ns, name string, o runtime.Object) {
		s.Apply(Entry{Time: t0, Kind: kind, Change: change, Namespace: ns, Name: name, Object: o})
	}
	add(Added, KindDaemonSet, "spec", "d", ds)
	add(Added, KindPod, "spec", "b", ownedPod("spec", "b", "U"))
	add(Added, KindPod, "spec", "a", ownedPod("spec", "a", "U"))
	add(Added, KindPod, "spec", "other", ownedPod("spec", "other", "V"))
	add(Added, KindPod, "far", "a", ownedPod("far", "a", "U"))
	kept := s.Clone()
	add(Modified, KindPod, "spec", "b", ownedPod("spec", "b", "")) // released
	add(Deleted, KindPod, "spec", "other", ownedPod("spec", "other", "V"))

	names := func(pods []*corev1.Pod) (out []string) {
		for _, p := range pods {
			out = append(out, p.Namespace+"/"+p.Name)
		}
		return out
	}
	want(t, names(s.PodsOf(ds)), "far/a", "spec/a")
	want(t, names(s.Pods()), "spec/a", "spec/b")
	want(t, names(s.In("far").Pods()), "far/a")
	want(t, names(s.In("").Pods()), "far/a", "spec/a", "spec/b")
	want(t, names(kept.PodsOf(ds)), "far/a", "spec/a", "spec/b")
	want(t, names(kept.Pods()), "spec/a", "spec/b", "spec/other")
	if s.Pod("other") != nil || s.DaemonSet("d") != ds || s.In("far").DaemonSet("d") != nil || !s.LastChange().Equal(t0) {
		t.Error("lookups by name are wrong")
	}
}

func TestEventsAreListedByTime(t *testing.T) {
	s := NewState("spec")
	for i, name := range []string{"late", "early"} {
		e := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: name}, InvolvedObject: corev1.ObjectReference{Kind: "DaemonSet", Name: "d"}}
		e.LastTimestamp = metav1.NewTime(t0.Add(-time.Duration(i) * time.Minute))
		s.Apply(Entry{Kind: KindEvent, Change: Added, Namespace: "spec", Name: name, Object: e})
	}
	got := s.EventsFor("DaemonSet", "d")
	if len(got) != 2 || got[0].Name != "early" || len(s.EventsFor("Pod", "d")) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestActionsOn(t *testing.T) {
	pod := ownedPod("spec", "agent-x7k2p", "U")
	act := func(on Kind, ns, name string, uid types.UID, at time.Duration) Entry {
		return Entry{Time: t0.Add(at), Kind: KindAction, Change: Note, On: on, Namespace: ns, Name: name, UID: uid}
	}
	for name, tc := range map[string]struct {
		act  Entry
		want int
	}{
		"by UID":                      {act(KindPod, "spec", "agent-x7k2p", pod.UID, -time.Hour), 1},
		"another of the same name":    {act(KindPod, "spec", "agent-x7k2p", "else", 0), 0},
		"by name":                     {act(KindPod, "spec", "agent-x7k2p", "", -time.Hour), 1},
		"by generateName":             {act(KindPod, "spec", "agent-", "", -time.Hour), 1},
		"by another's generateName":   {act(KindPod, "spec", "agents-", "", 0), 0},
		"unnamed, just now":           {act(KindPod, "spec", "", "", -9*time.Second), 1},
		"unnamed, just after":         {act(KindPod, "spec", "", "", 9*time.Second), 1},
		"unnamed, long ago":           {act(KindPod, "spec", "", "", -11*time.Second), 0},
		"another kind":                {act(KindNode, "spec", "agent-x7k2p", "", 0), 0},
		"another namespace":           {act(KindPod, "far", "agent-x7k2p", "", 0), 0},
		"its namespace":               {act("Namespace", "", "spec", "", -time.Hour), 1},
		"its namespace, but later on": {act("Namespace", "", "spec", "", time.Second), 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewState("spec")
			s.Preload([]Entry{tc.act})
			s.SetNow(t0)
			if got := len(s.ActionsOn(KindPod, pod)); got != tc.want {
				t.Errorf("found %d, want %d", got, tc.want)
			}
		})
	}
}

func TestStartListsEverything(t *testing.T) {
	c := fake.NewClientset(
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}},
		&appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: "d"}},
		&appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: "d-1"}},
		ownedPod("spec", "a", "U"), ownedPod("other", "z", "U"), ownedPod("more", "m", "U"),
		&corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "spec", Name: "e"}},
	)
	r, err := Start(t.Context(), c, Options{Namespaces: []string{"spec"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	want(t, changes(r.Entries()), "Listed n1", "Listed d", "Listed d-1", "Listed a", "Listed e")
	if err := errors.Join(r.Add(t.Context(), "more"), r.Add(t.Context(), "more")); err != nil {
		t.Fatal(err)
	}
	s := r.State()
	if s.Node("n1") == nil || s.Pod("a") == nil || s.In("more").Pod("m") == nil || s.In("other").Pod("z") != nil {
		t.Errorf("the picture is wrong: %v", r.Entries())
	}
	if _, err := Start(t.Context(), c, Options{}); err == nil {
		t.Error("a start without a namespace is no error")
	}
}

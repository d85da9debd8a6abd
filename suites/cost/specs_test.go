package cost

import (
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/audit"
	"github.com/dsconform/dsconform/framework/history"
)

func TestSpecsAreWhole(t *testing.T) {
	t.Parallel()
	registry := &framework.Registry{}
	registry.Add(Specs()...)
	if err := registry.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, s := range registry.Specs() {
		if s.Area != framework.Cost {
			t.Errorf("%s is of area %s", s.ID, s.Area)
		}
	}
}

func TestABillIsExact(t *testing.T) {
	t.Parallel()
	events := []audit.Event{
		{Verb: "create", Resource: "pods"}, {Verb: "create", Resource: "pods"}, {Verb: "create", Resource: "events"},
		{Verb: "update", Resource: "daemonsets/status"},
	}
	want := bill{"create pods": {2, 2}, "update daemonsets/status": {1, 6}}
	if err := want.check(events); err != nil {
		t.Error(err)
	}
	for says, wrong := range map[string][]audit.Event{
		"1 create pods":  events[1:],
		"3 create pods":  append(events[:1:1], events...),
		"1 get pods":     append(events[:4:4], audit.Event{Verb: "get", Resource: "pods"}),
		"0 update daemo": events[:3],
	} {
		if err := want.check(wrong); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
}

func TestAttemptsMustStandApart(t *testing.T) {
	t.Parallel()
	at := func(offsets ...time.Duration) []audit.Event {
		var out []audit.Event
		for _, o := range offsets {
			out = append(out, audit.Event{Received: time.Unix(1000, 0).Add(o)})
		}
		return out
	}
	backingOff := at(0, 5*time.Millisecond, 15*time.Millisecond, time.Second, 3*time.Second, 7*time.Second)
	if err := oneByOne(backingOff); err != nil {
		t.Error(err)
	}
	if err := oneByOne(append(backingOff, at(7*time.Second+time.Millisecond)...)); err == nil {
		t.Error("a burst was taken for single attempts")
	}
	if err := oneByOne(at(0, 10*time.Millisecond, 20*time.Millisecond)); err == nil {
		t.Error("attempts without a pause were taken for ones that back off")
	}
}

func TestRightsAreThoseOfTheRole(t *testing.T) {
	t.Parallel()
	for what, want := range map[audit.Event]bool{
		{Verb: "watch", Resource: "nodes"}:                 true,
		{Verb: "patch", Resource: "nodes"}:                 false,
		{Verb: "get", Resource: "pods"}:                    false,
		{Verb: "create", Resource: "pods/binding"}:         false,
		{Verb: "update", Resource: "daemonsets/status"}:    true,
		{Verb: "update", Resource: "daemonsets"}:           false,
		{Verb: "delete", Resource: "controllerrevisions"}:  true,
		{Verb: "patch", Resource: "events"}:                true,
		{Verb: "deletecollection", Resource: "daemonsets"}: false,
	} {
		if allowed(what) != want {
			t.Errorf("%s: allowed %v", what.What(), !want)
		}
	}
}

func TestNothingIsWrittenWhileAPodIsCreated(t *testing.T) {
	t.Parallel()
	ds := func(rv string, touch string, current int32) history.Entry {
		d := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: "U", ResourceVersion: rv}}
		d.Annotations = map[string]string{"dsconform.dev/touched": touch}
		d.Status.CurrentNumberScheduled = current
		return history.Entry{Kind: history.KindDaemonSet, Change: history.Modified, Namespace: "ns", Name: name, UID: "U", ResourceVersion: rv, Object: d}
	}
	pod := func(rv string) history.Entry {
		yes := true
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p", UID: "P", ResourceVersion: rv, OwnerReferences: []metav1.OwnerReference{{UID: "U", Controller: &yes}}}}
		return history.Entry{Kind: history.KindPod, Change: history.Added, Namespace: "ns", Name: "p", UID: "P", ResourceVersion: rv, Object: p}
	}
	for says, log := range map[string][]history.Entry{
		"":                {ds("1", "", 0), ds("2", "0", 0), ds("3", "1", 0), pod("4"), ds("5", "1", 1)},
		"its status was":  {ds("1", "", 0), ds("2", "0", 0), ds("3", "0", 1), pod("4")},
		"judges nothing":  {ds("1", "", 0), pod("2"), ds("3", "0", 0)},
		"never had a pod": {ds("1", "", 0), ds("2", "0", 0)},
	} {
		for i := range log {
			log[i].Seq = int64(i) + 1
		}
		err := unwrittenTillCreated(log, &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: "U"}}, "0")
		if got := fmt.Sprint(err); (says == "") != (err == nil) || err != nil && !strings.Contains(got, says) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
}

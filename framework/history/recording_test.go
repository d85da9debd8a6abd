package history

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
)

func TestEntriesAreNumberedAndStamped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newServer()
		f.change(watch.Added, "a", nil)
		r := record(t, f)
		synctest.Wait()
		wait(t.Context(), time.Second)
		f.change(watch.Modified, "a", nil)
		synctest.Wait()
		entries := r.Entries()
		for i, e := range entries {
			if e.Seq != int64(i+1) {
				t.Errorf("entry %d is number %d", i, e.Seq)
			}
			// Such a time is the same after it was written to a file and read again.
			if !reflect.DeepEqual(e.Time, e.Time.UTC().Round(0)) {
				t.Errorf("entry %d has the time %#v", i, e.Time)
			}
		}
		if d := entries[1].Time.Sub(entries[0].Time); d != time.Second || entries[1].ResourceVersion != "102" || entries[1].UID != "uid-a" {
			t.Errorf("the second is %v, %s after the first", entries[1], d)
		}
		entries[0].Name = "mine"
		if r.Entries()[0].Name != "a" {
			t.Error("the log can be written to from without")
		}
	})
}

func TestWhatADeedIsNotedOn(t *testing.T) {
	meta := func(ns, name, generate string) metav1.Object {
		return &metav1.ObjectMeta{Namespace: ns, Name: name, GenerateName: generate, UID: "u"}
	}
	for name, tc := range map[string]struct {
		kind   Kind
		object metav1.Object
		want   Entry
	}{
		"an object of the spec's namespace": {KindPod, meta("", "p", ""), Entry{Namespace: "spec", Name: "p", UID: "u"}},
		"one of another namespace":          {KindPod, meta("far", "p", ""), Entry{Namespace: "far", Name: "p", UID: "u"}},
		"one whose name is not known yet":   {KindPod, meta("", "", "p-"), Entry{Namespace: "spec", Name: "p-", UID: "u"}},
		"one that has both names":           {KindPod, meta("", "p-x", "p-"), Entry{Namespace: "spec", Name: "p-x", UID: "u"}},
		"all of a kind":                     {KindDaemonSet, nil, Entry{Namespace: "spec"}},
		"a node":                            {KindNode, meta("", "n", ""), Entry{Name: "n", UID: "u"}},
		"all nodes":                         {KindNode, nil, Entry{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := blankRecorder(t)
			r.Act("touches", tc.kind, tc.object)
			got := r.Entries()[0]
			tc.want.Seq, tc.want.Time, tc.want.Kind, tc.want.Change, tc.want.On, tc.want.Text = 1, got.Time, KindAction, Note, tc.kind, "touches"
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

// cluster is one object of each kind.
func cluster() *fake.Clientset {
	meta := metav1.ObjectMeta{Namespace: "spec", Name: "x", UID: "u", ResourceVersion: "5"}
	node := meta
	node.Namespace = ""
	return fake.NewClientset(
		&corev1.Node{ObjectMeta: node}, &appsv1.DaemonSet{ObjectMeta: meta}, &appsv1.ControllerRevision{ObjectMeta: meta},
		&corev1.Pod{ObjectMeta: meta}, &corev1.Event{ObjectMeta: meta},
	)
}

// lists has the fake answer lists of the resource with do.
func lists(c *fake.Clientset, resource string, do func() (runtime.Object, error)) {
	c.PrependReactor("list", resource, func(ktesting.Action) (bool, runtime.Object, error) {
		o, err := do()
		return true, o, err
	})
}

func TestAStartThatFailsLeavesNothingRunning(t *testing.T) {
	for resource, want := range map[string]string{
		"nodes": "start the event log: list Nodes: refused", "daemonsets": "start the event log: list DaemonSets in namespace spec: refused",
		"controllerrevisions": "start the event log: list ControllerRevisions in namespace spec: refused",
		"pods":                "start the event log: list Pods in namespace spec: refused", "events": "start the event log: list Events in namespace spec: refused",
	} {
		t.Run(resource, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
				c, refused := cluster(), errors.New("refused")
				lists(c, resource, func() (runtime.Object, error) { return nil, refused })
				r, err := Start(t.Context(), c, Options{Namespaces: []string{"spec", "more"}})
				if r != nil || !errors.Is(err, refused) || err.Error() != want {
					t.Errorf("got %v, want %s", err, want)
				}
			})
		})
	}
}

func TestAStartNeedsTheSpecsNamespace(t *testing.T) {
	for _, namespaces := range [][]string{nil, {}, {""}, {"", "spec"}} {
		r, err := Start(t.Context(), cluster(), Options{Namespaces: namespaces})
		if r != nil || err == nil || err.Error() != "start the event log: Options.Namespaces must name the spec's own namespace" {
			t.Errorf("with %q: %v", namespaces, err)
		}
	}
}

func TestOutagesAreToldToTheLogThatWasGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		c := cluster()
		c.PrependWatchReactor("events", func(ktesting.Action) (bool, watch.Interface, error) { return true, nil, errors.New("refused") })
		r, err := Start(t.Context(), c, Options{Namespaces: []string{"spec"}, Log: slog.New(slog.NewTextHandler(&out, nil))})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		r.Stop()
		if want := `level=WARN msg="watch interrupted" of="Events in namespace spec" error=refused`; !strings.Contains(out.String(), want) {
			t.Errorf("the log is %q, want %s", out.String(), want)
		}
	})
}

func TestARecorderOutlivesTheContextOfItsStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster()
		ctx, cancel := context.WithCancel(t.Context())
		r, err := Start(ctx, c, Options{Namespaces: []string{"spec"}})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Stop()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if err = c.CoreV1().Pods("spec").Delete(t.Context(), "x", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want(t, changes(r.Entries()), "Listed x", "Listed x", "Listed x", "Listed x", "Listed x", "Deleted x")
	})
}

func TestCatchUpLooksAtEveryKindAndNamespace(t *testing.T) {
	fresh := metav1.ObjectMeta{Namespace: "more", Name: "new", UID: "v", ResourceVersion: "7"}
	node, known := metav1.ObjectMeta{Name: "new", UID: "v", ResourceVersion: "7"}, metav1.ObjectMeta{Name: "x", UID: "u", ResourceVersion: "5"}
	for resource, tc := range map[string]struct {
		list runtime.Object
		want string
	}{
		"nodes":               {&corev1.NodeList{Items: []corev1.Node{{ObjectMeta: node}, {ObjectMeta: known}}}, "Node new is not in the event log yet"},
		"daemonsets":          {&appsv1.DaemonSetList{Items: []appsv1.DaemonSet{{ObjectMeta: fresh}}}, "DaemonSet new is not in the event log yet"},
		"controllerrevisions": {&appsv1.ControllerRevisionList{Items: []appsv1.ControllerRevision{{ObjectMeta: fresh}}}, "ControllerRevision new is not in the event log yet"},
		"pods":                {&corev1.PodList{Items: []corev1.Pod{{ObjectMeta: fresh}}}, "Pod new is not in the event log yet"},
		"events":              {&corev1.EventList{Items: []corev1.Event{{ObjectMeta: fresh}}}, "Event new is not in the event log yet"},
	} {
		t.Run(resource, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := cluster()
				r, err := Start(t.Context(), c, Options{Namespaces: []string{"spec"}})
				if err != nil {
					t.Fatal(err)
				}
				defer r.Stop()
				if err = errors.Join(r.Add(t.Context(), "more"), r.CatchUp(t.Context())); err != nil {
					t.Fatalf("a log that is whole: %v", err)
				}
				c.PrependReactor("list", resource, func(a ktesting.Action) (bool, runtime.Object, error) {
					return a.GetNamespace() != "spec", tc.list, nil
				})
				ctx, cancel := limited(t)
				defer cancel()
				if err = r.CatchUp(ctx); err == nil || err.Error() != tc.want+" (context deadline exceeded)" {
					t.Errorf("got %v, want %s", err, tc.want)
				}
				refused := errors.New("refused")
				lists(c, resource, func() (runtime.Object, error) { return nil, refused })
				if err = r.CatchUp(t.Context()); !errors.Is(err, refused) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

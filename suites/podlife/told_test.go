package podlife

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/scene"
)

// TestToldOnly changes one thing of an event, or adds one, at a time.
func TestToldOnly(t *testing.T) {
	t.Parallel()
	ds := scene.Set(1, "r")
	event := func(name string) *corev1.Event {
		ev := &corev1.Event{
			InvolvedObject: corev1.ObjectReference{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "DaemonSet", Namespace: scene.Space, Name: ds.Name, UID: ds.UID},
			Type:           corev1.EventTypeNormal, Reason: "SuccessfulCreate", Message: "Created pod: pod-a", Count: 1, Source: corev1.EventSource{Component: announcer},
		}
		ev.Namespace, ev.Name = scene.Space, name
		return ev
	}
	for says, harm := range map[string]func(ev *corev1.Event) []*corev1.Event{
		"":                          func(ev *corev1.Event) []*corev1.Event { return []*corev1.Event{ev} },
		"0 events SuccessfulCreate": func(*corev1.Event) []*corev1.Event { return nil },
		"counts [2]":                func(ev *corev1.Event) []*corev1.Event { ev.Count = 2; return []*corev1.Event{ev} },
		"2 events SuccessfulCreate": func(ev *corev1.Event) []*corev1.Event { return []*corev1.Event{ev, event("f")} },
		"UID another":               func(ev *corev1.Event) []*corev1.Event { ev.InvolvedObject.UID = "another"; return []*corev1.Event{ev} },
		"is about v1": func(ev *corev1.Event) []*corev1.Event {
			ev.InvolvedObject.APIVersion = "v1"
			return []*corev1.Event{ev}
		},
		`from "kubelet"`: func(ev *corev1.Event) []*corev1.Event { ev.Source.Component = "kubelet"; return []*corev1.Event{ev} },
		"tells of nothing that was do": func(ev *corev1.Event) []*corev1.Event {
			other := event("f")
			other.Message = "Created pod: pod-b"
			return []*corev1.Event{ev, other}
		},
	} {
		sc := scene.New().Added(ds)
		for i, ev := range harm(event("e")) {
			sc.Entries = append(sc.Entries, history.Entry{Seq: int64(90 + i), Kind: history.KindEvent, Change: history.Added, Namespace: scene.Space, Name: ev.Name, Object: ev})
		}
		scene.Expect(t, toldOnly(ds.Name, created("pod-a"))(sc.State()), says)
	}
}

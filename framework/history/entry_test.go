package history

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestEntriesAreEvidenceInOneLine(t *testing.T) {
	east := time.FixedZone("east", 3600)
	pod := &corev1.Pod{}
	for want, e := range map[string]Entry{
		"#12 03:04:05.678 Pod agent-x Modified (resourceVersion 104)": {Seq: 12, Time: t0, Kind: KindPod, Change: Modified, Name: "agent-x", ResourceVersion: "104", Object: pod},
		"#13 03:04:05.678 Pod agent-x Deleted (resourceVersion 105)":  {Seq: 13, Time: t0.In(east), Kind: KindPod, Change: Deleted, Name: "agent-x", ResourceVersion: "105", Object: pod},
		"#1 03:04:05.678 Node n Listed (resourceVersion 9)":           {Seq: 1, Time: t0, Kind: KindNode, Change: Listed, Name: "n", ResourceVersion: "9", Object: &corev1.Node{}},
		"#2 03:04:05.678 Gap of Pod: changes were lost":               {Seq: 2, Time: t0, Kind: KindPod, Change: Gap, Text: "changes were lost"},
		"#3 03:04:05.678 Note of Node: the watch is interrupted":      {Seq: 3, Time: t0, Kind: KindNode, Change: Note, Text: "the watch is interrupted"},
		"#4 03:04:05.678 the spec deletes Pod agent-x":                {Seq: 4, Time: t0, Kind: KindAction, Change: Note, On: KindPod, Name: "agent-x", Text: "deletes Pod"},
		"#5 03:04:05.678 the spec drains the nodes":                   {Seq: 5, Time: t0, Kind: KindAction, Change: Note, On: KindNode, Text: "drains the nodes"},
		"#0 00:00:00.000 the spec waits":                              {Kind: KindAction, Text: "waits"},
	} {
		if got := e.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestStreamsAreNamedInTheLog(t *testing.T) {
	for want, s := range map[string]stream{
		"Nodes":                  {kind: KindNode},
		"Pods in namespace spec": {kind: KindPod, namespace: "spec"},
		"ControllerRevisions in namespace spec-2": {kind: KindControllerRevision, namespace: "spec-2"},
	} {
		if got := s.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTrimNamesTheKind(t *testing.T) {
	for kind, version := range map[Kind]string{
		KindDaemonSet: "apps/v1", KindControllerRevision: "apps/v1", KindPod: "v1", KindNode: "v1", KindEvent: "v1",
	} {
		o, ok := blank(kind)
		if !ok {
			t.Fatalf("no blank %s", kind)
		}
		m, err := trim(kind, o)
		if err != nil {
			t.Fatal(err)
		}
		if api, named := o.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind(); api != version || named != string(kind) {
			t.Errorf("a %s says it is a %s of %s", kind, named, api)
		}
		// An empty list would stand in the file of a log where the API has none.
		if m.GetManagedFields() != nil {
			t.Errorf("a %s that nobody marked has the marks %#v", kind, m.GetManagedFields())
		}
	}
	if _, ok := blank(KindAction); ok {
		t.Error("there is an object for actions")
	}
	if _, err := trim(KindAction, &corev1.Pod{}); err == nil || err.Error() != "an Action holds no object, yet a *v1.Pod came with it" {
		t.Errorf("an action with an object: %v", err)
	}
	if _, err := trim(KindPod, &metav1.Status{}); err == nil {
		t.Error("an object without metadata is taken")
	}
}

func TestTrimKeepsEveryMark(t *testing.T) {
	pod := &corev1.Pod{}
	marks := []metav1.ManagedFieldsEntry{mark("kubelet", "status", 3), applied(mark("user", "", -1))}
	for _, m := range marks {
		m.FieldsV1, m.FieldsType, m.APIVersion = metav1.NewFieldsV1(`{}`), "FieldsV1", "v1"
		pod.ManagedFields = append(pod.ManagedFields, m)
	}
	m, err := trim(KindPod, pod)
	if err != nil {
		t.Fatal(err)
	}
	got := m.GetManagedFields()
	if len(got) != 2 || got[0] != marks[0] || got[1] != marks[1] {
		t.Errorf("got %+v\nwant %+v", got, marks)
	}
}

package histories

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/internal/exit"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("it is not %s:\n%s", path, got)
	}
}

func when() time.Time { return time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC) }

// scene is a namespace with a DaemonSet and a pod of it on each of two nodes.
func scene(t *testing.T, called, version string) []history.Entry {
	t.Helper()
	ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: called, Namespace: "ns", UID: types.UID("uid-" + called), Generation: 3}}
	ds.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{nameLabel: called}}
	ds.Spec.Template.Labels = map[string]string{nameLabel: called}
	ds.Spec.Template.Annotations = map[string]string{versionMark: version}
	ds.Spec.Template.Spec.Containers = []corev1.Container{{Name: "agent", Image: "agent:v1"}}
	ds.Status = appsv1.DaemonSetStatus{DesiredNumberScheduled: 2, CurrentNumberScheduled: 2, NumberReady: 2, NumberAvailable: 2, UpdatedNumberScheduled: 2}
	owner := []metav1.OwnerReference{*metav1.NewControllerRef(ds, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))}
	template := map[string]any{"spec": map[string]any{"template": ds.Spec.Template}}
	raw, err := json.Marshal(template)
	if err != nil {
		t.Fatal(err)
	}
	hash := map[string]string{nameLabel: called, appsv1.ControllerRevisionHashLabelKey: "h-" + called}
	revision := &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{Name: called + "-h", Namespace: "ns", UID: types.UID("cr-" + called), Labels: hash, OwnerReferences: owner}, Revision: 7,
	}
	revision.Data.Raw = raw
	add := func(kind history.Kind, o metav1.Object, entry history.Entry) history.Entry {
		entry.Kind, entry.Change, entry.Time = kind, history.Added, when()
		entry.Namespace, entry.Name, entry.UID = o.GetNamespace(), o.GetName(), o.GetUID()
		return entry
	}
	log := []history.Entry{
		add(history.KindDaemonSet, ds, history.Entry{Object: ds}), add(history.KindControllerRevision, revision, history.Entry{Object: revision}),
	}
	for _, node := range []string{"n1", "n2"} {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: called + "-" + node, Namespace: "ns", UID: types.UID(called + node), Labels: hash, OwnerReferences: owner,
				Annotations: ds.Spec.Template.Annotations,
			},
			Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{
				Name: "agent", Image: "agent:v1", VolumeMounts: []corev1.VolumeMount{{Name: tokenVolume + called}},
			}}, Volumes: []corev1.Volume{{Name: tokenVolume + called}}},
			Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{
				Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(when()),
			}}},
		}
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node, UID: types.UID(node)}}
		log = append(log, add(history.KindPod, pod, history.Entry{Object: pod}), add(history.KindNode, n, history.Entry{Object: n}))
	}
	return log
}

func TestPortraitsOfTheSameAreAlike(t *testing.T) {
	t.Parallel()
	s := history.Replay("ns", slices.Concat(scene(t, name, "2"), scene(t, fresh, "2")))
	if err := alike(s); err != nil {
		t.Error(err)
	}
	p, err := PortraitOf(s, name)
	if err != nil || len(p.Pods) != 2 || len(p.Pods["n1"]) != 1 {
		t.Errorf("%v: %+v", err, p.Pods)
	}
	if err = alike(history.Replay("ns", scene(t, name, "2"))); err == nil {
		t.Error("without a fresh DaemonSet there is nothing to be alike")
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	log := slices.Concat(scene(t, name, "1"), scene(t, fresh, "2"))
	// Node n2 has lost its pod, and the status does not say so.
	log = slices.DeleteFunc(log, func(e history.Entry) bool { return e.Name == name+"-n2" })
	s := history.Replay("ns", log)
	have, err := PortraitOf(s, name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := PortraitOf(s, fresh)
	if err != nil {
		t.Fatal(err)
	}
	have.Pods["n1"][0].Current, have.Status["numberReady"] = false, 1
	var text bytes.Buffer
	for _, d := range have.Differences(want) {
		text.WriteString(d + "\n")
	}
	golden(t, "differences.txt", text.Bytes())
}

func failure() *framework.Failure {
	return &framework.Failure{
		Class: framework.NonConformant, Expected: "invariant max-surge, which holds at every instant: the rule",
		Seen: "pod a was created beside an available old pod", Cause: "the first event that breaks it is number 9 of the log",
		Evidence: []string{"also one", "also another"}, Look: []string{"events.jsonl"}, Bundle: "failures/history-002",
	}
}

func sample() Report {
	smallest := plainSequence(Edit{Do: SetTemplate, Template: &Template{Version: 1}, Then: Settled})
	smallest.Name = "the minimum of seed 7, number 2"
	long := plainSequence(Edit{Do: FailPod, Node: 2, Then: AtOnce}, Edit{Do: SetTemplate, Template: &Template{Version: 3, Label: "a"}, Then: Moved})
	long.Name = "seed 7, number 2"
	lagged := plainSequence(Edit{Do: TaintNode, Node: 1, Effect: "NoSchedule", Then: Settled})
	lagged.Name = "seed 7, number 3"
	r := Report{Seed: 7, Lanes: 4, Suite: "v1", Kubernetes: "v1.37.2", Started: when(), Finished: when().Add(90 * time.Second), Subject: Subject{Kind: "command", Name: "/bin/c"}}
	r.Fill(5, Result{
		Outcomes: []Outcome{
			{Sequence: plainSequence(Edit{Do: Cordon, Node: 1, Then: AtOnce}), Verdict: Passed},
			{Sequence: long, Verdict: Failed, At: "edit 2 of 2", Failure: failure(), Notes: []string{"edit 1 of 2: the pod was gone, nothing was done"}},
			{Sequence: lagged, Verdict: Passed, Deviations: []string{"edit 1 of 1: the status trails"}},
			{Sequence: lagged, Verdict: Stopped},
		},
		Minimal: &Outcome{Sequence: smallest, Verdict: Failed, At: "edit 1 of 1", Failure: failure()}, Tried: 12, Least: true,
	})
	return r
}

func TestReport(t *testing.T) {
	t.Parallel()
	r := sample()
	var text, raw bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", text.Bytes())
	if err := r.WriteJSON(&raw); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", raw.Bytes())
}

func TestVerdictOfACampaign(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		report Report
		want   exit.Code
	}{
		"all passed":                  {Report{Planned: 2, Passed: 2}, exit.Conformant},
		"one failed, others unknown":  {Report{Planned: 3, Passed: 1, Failed: 1, Unknown: 1}, exit.NotConformant},
		"one unknown":                 {Report{Planned: 2, Passed: 1, Unknown: 1}, exit.Environment},
		"one not played":              {Report{Planned: 2, Passed: 1, NotRun: 1}, exit.Environment},
		"none played is never a pass": {Report{}, exit.Environment},
	} {
		if got := exit.Of(tc.report.Err()); got != tc.want {
			t.Errorf("%s: exit code %d, want %d", name, got, tc.want)
		}
	}
}

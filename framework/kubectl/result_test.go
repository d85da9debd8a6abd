package kubectl

import (
	"reflect"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestCommandLine(t *testing.T) {
	r := Result{Namespace: "spec-1", Args: []string{"patch", "ds/x", `--patch={"a":"it's"}`, ""}}
	want := `kubectl -n spec-1 patch ds/x '--patch={"a":"it'\''s"}' ''`
	if got := r.CommandLine(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestTranscript(t *testing.T) {
	r := Result{Args: []string{"get", "ds"}, Stdout: "NAME\nx", Stderr: "Warning: old\n", Took: 120 * time.Millisecond}
	want := "$ kubectl get ds\nNAME\nx\nWarning: old\n[exit code 0 after 120ms]\n"
	if got := r.Transcript(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTable(t *testing.T) {
	for name, tc := range map[string]struct {
		stdout string
		want   Table
	}{
		"get": {
			"NAME    DESIRED   NODE SELECTOR        AGE\nagent   3         disk=ssd,tier=edge   5s\n",
			Table{[]string{"NAME", "DESIRED", "NODE SELECTOR", "AGE"}, [][]string{{"agent", "3", "disk=ssd,tier=edge", "5s"}}},
		},
		"top": {
			"NAME     CPU(cores)   MEMORY(bytes)\nagent    1m           5Mi\n",
			Table{[]string{"NAME", "CPU(cores)", "MEMORY(bytes)"}, [][]string{{"agent", "1m", "5Mi"}}},
		},
		"history": {
			"daemonset.apps/agent \nREVISION  CHANGE-CAUSE\n1         <none>\n2         image v2\n\n",
			Table{[]string{"REVISION", "CHANGE-CAUSE"}, [][]string{{"1", "<none>"}, {"2", "image v2"}}},
		},
		"short row": {
			"NAME    LABELS\nagent\n",
			Table{[]string{"NAME", "LABELS"}, [][]string{{"agent", ""}}},
		},
		"no rows": {"NAME   AGE\n", Table{Header: []string{"NAME", "AGE"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Result{Stdout: tc.stdout}.Table()
			if err != nil || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("%+v, %v; want %+v", got, err, tc.want)
			}
		})
	}
}

func TestNoTable(t *testing.T) {
	_, err := Result{Args: []string{"get", "ds"}, Stderr: "No resources found in x namespace.\n"}.Table()
	if err == nil || !strings.Contains(err.Error(), "No resources found") {
		t.Errorf("error %v; want one that quotes what was printed", err)
	}
}

func TestDecode(t *testing.T) {
	var ds appsv1.DaemonSet
	if err := (Result{Stdout: `{"metadata":{"name":"agent"}}`}).Decode(&ds); err != nil || ds.Name != "agent" {
		t.Errorf("%v, name %q", err, ds.Name)
	}
	if err := (Result{Stdout: "NAME\n"}).Decode(&ds); err == nil {
		t.Error("a table was decoded as JSON")
	}
}

func TestStatusOf(t *testing.T) {
	status := func(observed int64, updated, available, desired int32) *appsv1.DaemonSet {
		return &appsv1.DaemonSet{
			ObjectMeta: metav1.ObjectMeta{Name: "agent", Generation: 2},
			Spec:       appsv1.DaemonSetSpec{UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType}},
			Status: appsv1.DaemonSetStatus{
				ObservedGeneration: observed, UpdatedNumberScheduled: updated, NumberAvailable: available, DesiredNumberScheduled: desired,
			},
		}
	}
	for name, tc := range map[string]struct {
		ds   *appsv1.DaemonSet
		done bool
		text string
	}{
		"done":         {status(2, 3, 3, 3), true, `daemon set "agent" successfully rolled out`},
		"not observed": {status(1, 3, 3, 3), false, "Waiting for daemon set spec update to be observed..."},
		"not updated":  {status(2, 1, 3, 3), false, "1 out of 3 new pods have been updated"},
		"unavailable":  {status(2, 3, 2, 3), false, "2 of 3 updated pods are available"},
	} {
		t.Run(name, func(t *testing.T) {
			text, done, err := StatusOf(tc.ds)
			if err != nil || done != tc.done || !strings.Contains(text, tc.text) {
				t.Errorf("%q, %t, %v; want %q, %t", text, done, err, tc.text, tc.done)
			}
		})
	}
	onDelete := status(2, 3, 3, 3)
	onDelete.Spec.UpdateStrategy.Type = appsv1.OnDeleteDaemonSetStrategyType
	if _, _, err := StatusOf(onDelete); err == nil {
		t.Error("rollout status of an OnDelete DaemonSet gave no error")
	}
}

package nodes

import (
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/kubectl"
)

func podEntry(change history.Change, spoil func(*corev1.Pod)) history.Entry {
	yes := true
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p", UID: "p",
		OwnerReferences: []metav1.OwnerReference{{Kind: "DaemonSet", Name: "d", UID: "d", Controller: &yes}}}, Spec: corev1.PodSpec{NodeName: "n"}}
	spoil(pod)
	return history.Entry{Kind: history.KindPod, Change: change, Namespace: "ns", Name: "p", UID: "p", Object: pod}
}

func byCollector(p *corev1.Pod) {
	p.DeletionTimestamp, p.Status.Phase = &metav1.Time{}, corev1.PodFailed
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Reason: "DeletionByPodGC"}}
}

func TestCollected(t *testing.T) {
	lost := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", UID: "p"}}
	deleted := func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }
	event := history.Entry{Kind: history.KindEvent, Change: history.Added, Object: &corev1.Event{Reason: "SuccessfulDelete", Message: "Deleted pod: p"}}
	for name, tc := range map[string]struct {
		entries []history.Entry
		want    bool
	}{
		"marked, then deleted":         {[]history.Entry{podEntry(history.Modified, byCollector), podEntry(history.Deleted, byCollector)}, true},
		"deleted at once":              {[]history.Entry{podEntry(history.Deleted, byCollector)}, true},
		"deleted unmarked":             {[]history.Entry{podEntry(history.Modified, deleted), podEntry(history.Deleted, byCollector)}, false},
		"an event of the controller's": {[]history.Entry{event, podEntry(history.Modified, byCollector)}, false},
		"nothing of it":                {nil, false},
		"other changes alone":          {[]history.Entry{podEntry(history.Modified, func(*corev1.Pod) {})}, false},
	} {
		if err := collected(tc.entries, lost); (err == nil) != tc.want {
			t.Errorf("%s: %v, want it to hold: %t", name, err, tc.want)
		}
	}
}

func TestMadeBeforeReady(t *testing.T) {
	ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "d", UID: "d"}}
	made := history.Entry{Kind: history.KindDaemonSet, Change: history.Added, Namespace: "ns", Name: "d", Object: ds}
	pod := podEntry(history.Added, func(*corev1.Pod) {})
	node := func(status corev1.ConditionStatus) history.Entry {
		return history.Entry{Kind: history.KindNode, Change: history.Modified, Name: "n", Object: &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"},
			Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: status}}}}}
	}
	for name, tc := range map[string]struct {
		entries []history.Entry
		want    bool
	}{
		"before":       {[]history.Entry{made, node(corev1.ConditionFalse), pod, node(corev1.ConditionTrue)}, true},
		"after":        {[]history.Entry{made, node(corev1.ConditionFalse), node(corev1.ConditionTrue), pod}, false},
		"never a pod":  {[]history.Entry{made, node(corev1.ConditionFalse)}, false},
		"never a node": {[]history.Entry{made}, false},
	} {
		for i := range tc.entries {
			tc.entries[i].Seq = int64(i + 1)
		}
		if err := madeBeforeReady(tc.entries, ds, "n"); (err == nil) != tc.want {
			t.Errorf("%s: %v, want it to hold: %t", name, err, tc.want)
		}
	}
}

func TestStartedAfter(t *testing.T) {
	moment := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	pod := func(ready corev1.ConditionStatus, state corev1.ContainerState) *corev1.Pod {
		return &corev1.Pod{Status: corev1.PodStatus{
			Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}},
			ContainerStatuses: []corev1.ContainerStatus{{State: state}},
		}}
	}
	since := func(t time.Time) corev1.ContainerState {
		return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(t)}}
	}
	for name, tc := range map[string]struct {
		pod  *corev1.Pod
		want bool
	}{
		"later":              {pod(corev1.ConditionTrue, since(moment.Add(time.Minute))), true},
		"in the same second": {pod(corev1.ConditionTrue, since(moment.Truncate(time.Second))), true},
		"earlier":            {pod(corev1.ConditionTrue, since(moment.Add(-time.Second))), false},
		"not running":        {pod(corev1.ConditionTrue, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}), false},
		"not ready":          {pod(corev1.ConditionFalse, since(moment.Add(time.Minute))), false},
	} {
		if err := startedAfter(tc.pod, moment); (err == nil) != tc.want {
			t.Errorf("%s: %v, want it to hold: %t", name, err, tc.want)
		}
	}
}

func TestToleratedForEver(t *testing.T) {
	seconds := int64(300)
	exists := func(key string, effect corev1.TaintEffect, s *int64) corev1.Toleration {
		return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: effect, TolerationSeconds: s}
	}
	for name, tc := range map[string]struct {
		tolerations []corev1.Toleration
		want        bool
	}{
		"for ever":               {[]corev1.Toleration{exists("k", corev1.TaintEffectNoExecute, nil)}, true},
		"of everything":          {[]corev1.Toleration{exists("", "", nil)}, true},
		"not at all":             {nil, false},
		"another effect":         {[]corev1.Toleration{exists("k", corev1.TaintEffectNoSchedule, nil)}, false},
		"another key":            {[]corev1.Toleration{exists("l", corev1.TaintEffectNoExecute, nil)}, false},
		"for a time":             {[]corev1.Toleration{exists("k", corev1.TaintEffectNoExecute, &seconds)}, false},
		"for a time as well":     {[]corev1.Toleration{exists("k", corev1.TaintEffectNoExecute, nil), exists("", "", &seconds)}, false},
		"another key for a time": {[]corev1.Toleration{exists("k", corev1.TaintEffectNoExecute, nil), exists("l", "", &seconds)}, true},
	} {
		pod := &corev1.Pod{Spec: corev1.PodSpec{Tolerations: tc.tolerations}}
		if err := toleratedForEver(pod, "k"); (err == nil) != tc.want {
			t.Errorf("%s: %v, want it to hold: %t", name, err, tc.want)
		}
	}
}

func TestRefused(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "daemon-x"}}
	const said = "error: unable to drain node, cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): ns/daemon-x"
	failed := func(text string, code int) kubectl.Result {
		return kubectl.Result{Stderr: text, ExitCode: code, Err: errors.New("exit code 1")}
	}
	for name, tc := range map[string]struct {
		result kubectl.Result
		want   bool
	}{
		"refused":                 {failed(said, 1), true},
		"succeeded":               {kubectl.Result{Stderr: said}, false},
		"refused another pod":     {failed("error: cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): ns/other", 1), false},
		"failed for other causes": {failed("error: daemon-x: no route to host", 1), false},
		"did not run":             {failed(said, kubectl.NotRun), false},
	} {
		if err := refused(tc.result, pod); (err == nil) != tc.want {
			t.Errorf("%s: %v, want it to hold: %t", name, err, tc.want)
		}
	}
}

package framework

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
)

// crowd is a state with as many nodes, the first of which have a pod each; all are
// Ready but the pods of the nodes named.
func crowd(nodes, pods int, notReady ...int) *history.State {
	s := history.NewState("home")
	for i := range nodes {
		s.Apply(history.Entry{Kind: history.KindNode, Change: history.Added, Time: time.Unix(int64(i), 0), Name: fmt.Sprintf("node-%04d", i),
			Object: &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%04d", i)}}})
	}
	for i := range pods {
		status := corev1.ConditionTrue
		if slices.Contains(notReady, i) {
			status = corev1.ConditionFalse
		}
		s.Apply(history.Entry{Kind: history.KindPod, Change: history.Added, Time: time.Unix(int64(nodes+i), 0), Namespace: "home", Name: fmt.Sprintf("pod-%04d", i), Object: &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "home", Name: fmt.Sprintf("pod-%04d", i), UID: "u"},
			Spec:       corev1.PodSpec{NodeName: fmt.Sprintf("node-%04d", i)},
			Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: status}}},
		}})
	}
	return s
}

// args finds what kubectl is asked for the file, and the file's note.
func args(c choice, file string) (asked, note string) {
	for _, one := range c.commands() {
		if one.file == file {
			return strings.Join(one.args, " "), one.note
		}
	}
	return "", ""
}

func TestAFewAreAllDescribed(t *testing.T) {
	t.Parallel()
	c := show(crowd(captureAtMost, captureAtMost))
	if asked, note := args(c, "pods.txt"); asked != "describe pods" || note != "" || len(c.pods) != captureAtMost {
		t.Errorf("%d pods: %q %q", len(c.pods), asked, note)
	}
	if asked, note := args(c, "nodes.txt"); asked != "describe nodes" || note != "" {
		t.Errorf("%q %q", asked, note)
	}
}

// TestOfAMultitudeTheOnesThatAreNotReady: whoever looks for the cause looks there.
func TestOfAMultitudeTheOnesThatAreNotReady(t *testing.T) {
	t.Parallel()
	c := show(crowd(500, 400, 399, 200))
	pods, note := args(c, "pods.txt")
	if !strings.HasPrefix(pods, "describe pods pod-0200 pod-0399 pod-0000 ") || strings.Count(pods, "pod-") != captureAtMost || !strings.Contains(note, "50 of 400 pods") {
		t.Errorf("%q %q", pods, note)
	}
	nodes, note := args(c, "nodes.txt")
	if !strings.HasPrefix(nodes, "describe nodes node-0200 node-0399 node-0000 ") || strings.Count(nodes, "node-") != captureAtMost || !strings.Contains(note, "50 of 500 nodes") {
		t.Errorf("%q %q", nodes, note)
	}
	if asked, _ := args(show(crowd(51, 0)), "nodes.txt"); asked != "" {
		t.Errorf("without a pod: %q", asked)
	}
}

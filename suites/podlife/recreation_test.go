package podlife

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
)

// TestOvertaken: what counts is whether the pod was made after its own DaemonSet had
// gone, in whatever order the watches told of both.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	gone := history.Entry{Kind: history.KindDaemonSet, Change: history.Deleted, UID: "first", ResourceVersion: "99"}
	pod := func(owner types.UID, version string) history.Entry {
		yes := true
		return history.Entry{Kind: history.KindPod, Change: history.Added, Object: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			ResourceVersion: version, OwnerReferences: []metav1.OwnerReference{{UID: owner, Controller: &yes}},
		}}}
	}
	for what, tc := range map[string]struct {
		entries []history.Entry
		want    bool
	}{
		"made before":                {[]history.Entry{gone, pod("first", "98")}, false},
		"made after":                 {[]history.Entry{gone, pod("first", "100")}, true},
		"made after and told before": {[]history.Entry{pod("first", "100"), gone}, true},
		"of the one that followed":   {[]history.Entry{gone, pod("second", "100")}, false},
		"of nobody":                  {[]history.Entry{gone, {Kind: history.KindPod, Change: history.Added, Object: &corev1.Pod{}}}, false},
		"nothing is gone":            {[]history.Entry{pod("first", "100")}, false},
	} {
		if got := overtaken(tc.entries); got != tc.want {
			t.Errorf("%s: %v", what, got)
		}
	}
}

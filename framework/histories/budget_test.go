package histories

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
)

// step is what happens to a pod, so many milliseconds after the first step.
type step struct {
	pod    string
	change history.Change
	// going says that the pod is marked for deletion.
	going bool
	after int
	// owner is the DaemonSet's UID.
	owner types.UID
}

func log(steps []step) []history.Entry {
	var out []history.Entry
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	controller := true
	for i, s := range steps {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Name: s.pod, Namespace: "a", UID: types.UID(s.pod),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "agent", UID: s.owner, Controller: &controller}},
		}}
		if s.going {
			pod.DeletionTimestamp = &metav1.Time{Time: start}
		}
		out = append(out, history.Entry{
			Seq: int64(i + 1), Kind: history.KindPod, Namespace: "a", Name: s.pod, UID: pod.UID, Change: s.change,
			Time: start.Add(time.Duration(s.after) * time.Millisecond), Object: pod,
		})
	}
	return out
}

// TestOnlyAThirdPodsEndIsTakenForAnothers: one deletion too many is the known
// deviation only where, beside a deletion of the controller's own, the end of yet
// another pod could pass for it.
func TestOnlyAThirdPodsEndIsTakenForAnothers(t *testing.T) {
	t.Parallel()
	const set, other = types.UID("set"), types.UID("other")
	victim := step{"victim", history.Modified, true, 3000, set}
	own := step{"own", history.Modified, true, 2900, set}
	for name, c := range map[string]struct {
		steps []step
		want  bool
	}{
		"two deletions at once": {[]step{own, victim}, false},
		"a third pod ends":      {[]step{{"third", history.Modified, true, 100, set}, own, {"third", history.Deleted, true, 2950, set}, victim}, true},
		"a third is deleted":    {[]step{own, {"third", history.Modified, true, 2950, set}, victim}, true},
		"long before":           {[]step{{"third", history.Modified, true, 100, set}, {"third", history.Deleted, true, 200, set}, own, victim}, false},
		"another's pod ends":    {[]step{own, {"third", history.Deleted, true, 2950, other}, victim}, false},
		"nothing of its own":    {[]step{{"third", history.Deleted, true, 2950, set}, victim}, false},
	} {
		entries := log(c.steps)
		if got := takenForAnother(entries, entries[len(entries)-1]); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

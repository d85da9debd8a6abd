package history

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// mark is what the API server notes of a manager's last write; at is in seconds
// after t0, and below zero for one without a time.
func mark(manager, subresource string, at int) metav1.ManagedFieldsEntry {
	m := metav1.ManagedFieldsEntry{Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, Subresource: subresource}
	if at >= 0 {
		when := metav1.NewTime(t0.Add(time.Duration(at) * time.Second))
		m.Time = &when
	}
	return m
}

func applied(m metav1.ManagedFieldsEntry) metav1.ManagedFieldsEntry {
	m.Operation = metav1.ManagedFieldsOperationApply
	return m
}

func TestWritersAreThoseWhoseMarkIsNew(t *testing.T) {
	type marks = []metav1.ManagedFieldsEntry
	kcm, kubelet, user := mark("kube-controller-manager", "", 10), mark("kubelet", "status", 20), mark("kubectl", "", 0)
	for name, tc := range map[string]struct {
		before, now marks
		first       bool
		want        string
	}{
		"of an object that is new, the newest":          {nil, marks{user, kubelet, kcm}, true, `manager "kubelet" (status) at 03:04:25`},
		"of a new object, all of the same second":       {nil, marks{mark("a", "", 5), user, mark("b", "status", 5)}, true, `manager "a" at 03:04:10 and manager "b" (status) at 03:04:10`},
		"a mark without a time is not the newest":       {nil, marks{mark("old", "", -1), user}, true, `manager "kubectl" at 03:04:05`},
		"nobody marked anything":                        {nil, nil, true, "an unnamed manager"},
		"no mark has a time":                            {nil, marks{mark("a", "", -1)}, true, "an unnamed manager"},
		"a manager that wrote for the first time":       {marks{user}, marks{user, kcm}, false, `manager "kube-controller-manager" at 03:04:15`},
		"one that wrote again, though others are newer": {marks{user, kubelet}, marks{mark("kubectl", "", 11), kubelet}, false, `manager "kubectl" at 03:04:16`},
		"one that wrote to another subresource":         {marks{mark("x", "", 1), kubelet}, marks{mark("x", "status", 1), kubelet}, false, `manager "x" (status) at 03:04:06`},
		"one that applied what it had updated":          {marks{mark("x", "", 1), kubelet}, marks{applied(mark("x", "", 1)), kubelet}, false, `manager "x" at 03:04:06`},
		"another of the same time":                      {marks{mark("x", "", 1), kubelet}, marks{mark("y", "", 1), kubelet}, false, `manager "y" at 03:04:06`},
		"two that wrote at once":                        {marks{user}, marks{kcm, kubelet}, false, `manager "kube-controller-manager" at 03:04:15 and manager "kubelet" (status) at 03:04:25`},
		"a mark that lost its time":                     {marks{mark("x", "", 1), kubelet}, marks{mark("x", "", -1), kubelet}, false, `manager "x"`},
		"marks without a time are alike":                {marks{mark("x", "", -1)}, marks{mark("x", "", -1), user}, false, `manager "kubectl" at 03:04:05`},
		// Within one second a manager's mark stays as it was: the newest is the best guess.
		"no mark has changed":          {marks{user, kcm}, marks{user, kcm}, false, `manager "kube-controller-manager" at 03:04:15`},
		"a manager's mark was removed": {marks{user, kcm}, marks{user}, false, `manager "kubectl" at 03:04:05`},
		"all marks were removed":       {marks{user, kcm}, nil, false, "an unnamed manager"},
	} {
		t.Run(name, func(t *testing.T) {
			var before metav1.Object
			if !tc.first {
				before = &corev1.Pod{ObjectMeta: metav1.ObjectMeta{ManagedFields: tc.before}}
			}
			got := WritersText(Writers(before, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{ManagedFields: tc.now}}))
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestWritersAreSaidInUTC(t *testing.T) {
	m := mark("kubectl", "scale", 0)
	m.Time = &metav1.Time{Time: t0.In(time.FixedZone("east", 5*3600))}
	if got, want := WritersText([]metav1.ManagedFieldsEntry{m}), `manager "kubectl" (scale) at 03:04:05`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

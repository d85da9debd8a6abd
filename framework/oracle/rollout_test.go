package oracle

import (
	"errors"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/dsconform/dsconform/framework/history"
)

func revision(template corev1.PodTemplateSpec, hash string, number int64) *appsv1.ControllerRevision {
	yes := true
	p := plain(template).(map[string]any)
	p["$patch"] = "replace"
	return &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "spec", Name: "agent-" + hash, Labels: map[string]string{"app": "agent", appsv1.ControllerRevisionHashLabelKey: hash},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "agent", UID: "U", Controller: &yes, BlockOwnerDeletion: &yes}},
		},
		Data:     runtime.RawExtension{Raw: []byte(Short(map[string]any{"spec": map[string]any{"template": p}}))},
		Revision: number,
	}
}

func TestRolledOut(t *testing.T) {
	ds := daemonSet(func(d *appsv1.DaemonSet) {
		d.Spec.MinReadySeconds = 10
		d.Status = appsv1.DaemonSetStatus{ObservedGeneration: 1, DesiredNumberScheduled: 1, CurrentNumberScheduled: 1, NumberReady: 1, UpdatedNumberScheduled: 1, NumberAvailable: 1}
	})
	other := ds.Spec.Template.DeepCopy()
	other.Spec.Containers[0].Image = "agent:v0"
	current, old := revision(ds.Spec.Template, "new", 2), revision(*other, "old", 1)
	for name, tc := range map[string]struct {
		objects []runtime.Object
		edit    func(*appsv1.DaemonSet)
		want    string
	}{
		"complete":          {[]runtime.Object{current, old, podOn("a", "p", ready(time.Hour))}, nil, ""},
		"not observed":      {[]runtime.Object{current, podOn("a", "p", ready(time.Hour))}, func(d *appsv1.DaemonSet) { d.Status.ObservedGeneration = 0 }, "observed generation 0"},
		"no pod":            {[]runtime.Object{current}, nil, "lacks its pod"},
		"no revision":       {[]runtime.Object{old, podOn("a", "p", ready(time.Hour))}, nil, "none of the 1 ControllerRevisions"},
		"old pod":           {[]runtime.Object{current, podOn("a", "p", ready(time.Hour), hashed("old"))}, nil, `is of revision "old", not yet of "new"`},
		"not ready":         {[]runtime.Object{current, podOn("a", "p")}, nil, "not Ready"},
		"not yet available": {[]runtime.Object{current, podOn("a", "p", ready(time.Second))}, nil, "not for 10 s yet"},
		"old terminating":   {[]runtime.Object{current, podOn("a", "p", ready(time.Hour)), podOn("a", "o", terminating, born(time.Hour))}, nil, "still terminating"},
		"status lags":       {[]runtime.Object{current, podOn("a", "p", ready(time.Hour))}, func(d *appsv1.DaemonSet) { d.Status.NumberAvailable = 0 }, "numberAvailable is 0"},
	} {
		t.Run(name, func(t *testing.T) {
			d := ds.DeepCopy()
			if tc.edit != nil {
				tc.edit(d)
			}
			wantErr(t, RolledOut(picture(append(tc.objects, d, node("a", nil))...), ds), tc.want)
		})
	}
	var retry *history.RetryError
	err := RolledOut(picture(ds, node("a", nil), current, podOn("a", "p", ready(time.Second))), ds)
	if !errors.As(err, &retry) || !retry.At.Equal(now.Add(9*time.Second)) {
		t.Errorf("a pod that becomes available by time alone must ask to be judged again: %v", err)
	}
}

func TestCurrentRevision(t *testing.T) {
	ds := daemonSet()
	a, b := revision(ds.Spec.Template, "h1", 1), revision(ds.Spec.Template, "h2", 4)
	foreign := revision(ds.Spec.Template, "h3", 9)
	foreign.OwnerReferences[0].UID = "V"
	cr, err := CurrentRevision(picture(ds, a, b, foreign), ds)
	if err != nil || cr.Name != "agent-h2" {
		t.Errorf("got %v, %v", cr, err)
	}
	broken := revision(ds.Spec.Template, "h1", 1)
	broken.Data.Raw = []byte("{")
	_, err = CurrentRevision(picture(ds, broken), ds)
	wantErr(t, err, "not a patch of a DaemonSet")
}

func TestRevisionWellFormed(t *testing.T) {
	ds := daemonSet()
	for name, tc := range map[string]struct {
		edit func(*appsv1.ControllerRevision)
		want string
	}{
		"right":          {func(*appsv1.ControllerRevision) {}, ""},
		"no hash":        {func(c *appsv1.ControllerRevision) { delete(c.Labels, appsv1.ControllerRevisionHashLabelKey) }, "lacks label"},
		"another name":   {func(c *appsv1.ControllerRevision) { c.Name = "agent" }, "its name must be agent-h"},
		"label missing":  {func(c *appsv1.ControllerRevision) { delete(c.Labels, "app") }, "its labels are"},
		"no owner":       {func(c *appsv1.ControllerRevision) { c.OwnerReferences = nil }, "0 owner references"},
		"no controller":  {func(c *appsv1.ControllerRevision) { c.OwnerReferences[0].Controller = nil }, "controller is not true"},
		"does not block": {func(c *appsv1.ControllerRevision) { c.OwnerReferences[0].BlockOwnerDeletion = nil }, "blockOwnerDeletion is not true"},
		"another UID":    {func(c *appsv1.ControllerRevision) { c.OwnerReferences[0].UID = "V" }, "(UID V)"},
		"another kind":   {func(c *appsv1.ControllerRevision) { c.OwnerReferences[0].Kind = "Deployment" }, "names a apps/v1 Deployment"},
		"patches the rest": {func(c *appsv1.ControllerRevision) {
			c.Data.Raw = []byte(`{"spec":{"minReadySeconds":1,"template":{"$patch":"replace","metadata":{"labels":{"app":"agent"}}}}}`)
		}, "patches more than"},
		"merges": {func(c *appsv1.ControllerRevision) {
			c.Data.Raw = []byte(`{"spec":{"template":{"metadata":{"labels":{"app":"agent"}}}}}`)
		}, "$patch: replace"},
		"holds nothing": {func(c *appsv1.ControllerRevision) { c.Data.Raw = []byte(`{"spec":{}}`) }, "holds no spec.template"},
	} {
		t.Run(name, func(t *testing.T) {
			cr := revision(ds.Spec.Template, "h", 1)
			tc.edit(cr)
			wantErr(t, RevisionWellFormed(cr, ds), tc.want)
		})
	}
}

func TestBudget(t *testing.T) {
	v := func(s string) *intstr.IntOrString { x := intstr.Parse(s); return &x }
	for name, tc := range map[string]struct {
		strategy           appsv1.DaemonSetUpdateStrategy
		desired            int
		unavailable, surge int
		bad                bool
	}{
		"unset":             {appsv1.DaemonSetUpdateStrategy{Type: "RollingUpdate"}, 3, 1, 0, false},
		"10% of 3":          {appsv1.DaemonSetUpdateStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: v("10%")}}, 3, 1, 0, false},
		"50% of 3":          {appsv1.DaemonSetUpdateStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: v("50%")}}, 3, 2, 0, false},
		"surge 1% of 3":     {appsv1.DaemonSetUpdateStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: v("0"), MaxSurge: v("1%")}}, 3, 0, 1, false},
		"both zero":         {appsv1.DaemonSetUpdateStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: v("0"), MaxSurge: v("0%")}}, 3, 1, 0, false},
		"both zero, none":   {appsv1.DaemonSetUpdateStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: v("0"), MaxSurge: v("0%")}}, 0, 0, 0, false},
		"OnDelete, a block": {appsv1.DaemonSetUpdateStrategy{Type: "OnDelete", RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxSurge: v("1")}}, 3, 0, 0, false},
		"no percentage":     {appsv1.DaemonSetUpdateStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: v("many")}}, 3, 0, 0, true},
	} {
		ds := daemonSet(func(d *appsv1.DaemonSet) { d.Spec.UpdateStrategy = tc.strategy })
		u, s, err := Budget(ds, tc.desired)
		if u != tc.unavailable || s != tc.surge || (err != nil) != tc.bad {
			t.Errorf("%s: got %d, %d, %v", name, u, s, err)
		}
	}
}

// BenchmarkRolledOut is what each entry of a log costs while a spec waits for
// a rollout over a thousand nodes.
func BenchmarkRolledOut(b *testing.B) {
	ds := daemonSet()
	ds.Status = appsv1.DaemonSetStatus{ObservedGeneration: 1, DesiredNumberScheduled: 1000, CurrentNumberScheduled: 1000, NumberReady: 1000, UpdatedNumberScheduled: 1000, NumberAvailable: 1000}
	objects := []runtime.Object{ds, revision(ds.Spec.Template, "new", 1)}
	for i := range 1000 {
		n := fmt.Sprintf("n%04d", i)
		objects = append(objects, node(n, nil), podOn(n, "p-"+n, ready(time.Hour)))
	}
	s := picture(objects...)
	for b.Loop() {
		if err := RolledOut(s, ds); err != nil {
			b.Fatal(err)
		}
	}
}

func TestRolledOutOverManyNodesAsksTheStatusFirst(t *testing.T) {
	ds := daemonSet()
	ds.Status = appsv1.DaemonSetStatus{ObservedGeneration: 1, DesiredNumberScheduled: 150, UpdatedNumberScheduled: 20, NumberAvailable: 10}
	objects := []runtime.Object{ds}
	for i := range 150 {
		objects = append(objects, node(fmt.Sprintf("n%03d", i), nil))
	}
	wantErr(t, RolledOut(picture(objects...), ds), "of 150 desired pods its status counts 20 updated and 10 available")
	ds.Status.UpdatedNumberScheduled, ds.Status.NumberAvailable = 150, 150
	wantErr(t, RolledOut(picture(objects...), ds), "150 nodes lack their pod")
}

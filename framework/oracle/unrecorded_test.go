package oracle

import (
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/dsconform/dsconform/framework/history"
)

func image(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Image = name }
}

func unlabelled(p *corev1.Pod) { delete(p.Labels, appsv1.ControllerRevisionHashLabelKey) }

// A controller that keeps no revisions is judged by its pods.
func TestRolledOutWithoutHistory(t *testing.T) {
	ds := daemonSet(func(d *appsv1.DaemonSet) {
		d.Annotations[appsv1.DeprecatedTemplateGeneration] = "2"
		d.Status = appsv1.DaemonSetStatus{ObservedGeneration: 1, DesiredNumberScheduled: 2, CurrentNumberScheduled: 2, NumberReady: 2, UpdatedNumberScheduled: 2, NumberAvailable: 2}
	})
	other := ds.Spec.Template.DeepCopy()
	other.Spec.Containers[0].Image = "agent:v0"
	for name, tc := range map[string]struct {
		pods  []runtime.Object
		want  string
		later bool
	}{
		"complete":         {pods: []runtime.Object{podOn("a", "p", ready(time.Hour), hashed("x")), podOn("b", "q", ready(time.Hour), hashed("x"))}},
		"an old pod":       {pods: []runtime.Object{podOn("a", "p", ready(time.Hour), hashed("x")), podOn("b", "q", ready(time.Hour), hashed("y"), image("agent:v0"))}, want: `pod q on node b is of revision "y", not yet of "x"`},
		"old pods alone":   {pods: []runtime.Object{podOn("a", "p", ready(time.Hour), image("agent:v0")), podOn("b", "q", ready(time.Hour), image("agent:v0"))}, want: `not yet of "(none yet)"`},
		"two hashes":       {pods: []runtime.Object{podOn("a", "p", ready(time.Hour), hashed("x")), podOn("b", "q", ready(time.Hour), hashed("y"))}, want: "carry the hashes"},
		"no label":         {pods: []runtime.Object{podOn("a", "p", ready(time.Hour), unlabelled), podOn("b", "q", ready(time.Hour))}, want: "nothing tells which template"},
		"it may come yet":  {pods: []runtime.Object{podOn("a", "p", ready(time.Second), born(time.Second)), podOn("b", "q", ready(time.Second), born(time.Second))}, want: "none of the 0", later: true},
		"of another alone": {pods: []runtime.Object{revision(*other, "old", 1), podOn("a", "p", ready(time.Hour)), podOn("b", "q", ready(time.Hour))}, want: "none of the 1"},
	} {
		t.Run(name, func(t *testing.T) {
			err := RolledOut(picture(append(tc.pods, ds, node("a", nil), node("b", nil))...), ds)
			wantErr(t, err, tc.want)
			var retry *history.RetryError
			if errors.As(err, &retry) != tc.later {
				t.Errorf("to be looked at again: %v, want %v", !tc.later, tc.later)
			}
		})
	}
}

// A pod of the first template is one, whatever was done to it since; an older
// pod that was adopted is not.
func TestCurrentHashOfTheFirstTemplate(t *testing.T) {
	ds := daemonSet(func(d *appsv1.DaemonSet) { d.CreationTimestamp.Time = now.Add(-time.Minute) })
	for name, tc := range map[string]struct {
		pod  *corev1.Pod
		want string
	}{
		"changed in place": {podOn("a", "p", hashed("x"), image("agent:v9")), "x"},
		"adopted":          {podOn("a", "p", hashed("x"), image("agent:v9"), born(time.Hour)), NoneYet},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := CurrentHash(picture(tc.pod, ds, node("a", nil)), ds); err != nil || got != tc.want {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

func TestMadeFrom(t *testing.T) {
	ds := daemonSet(func(d *appsv1.DaemonSet) { d.Spec.Template.Annotations = map[string]string{"note": "one"} })
	noted := func(value string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Annotations = map[string]string{"note": value, "added": "by others"} }
	}
	for name, tc := range map[string]struct {
		pod  *corev1.Pod
		want string
	}{
		"the template's": {podOn("a", "p", noted("one")), ""},
		"annotation":     {podOn("a", "p", noted("two")), `annotation note is "two", must be "one"`},
		"label":          {podOn("a", "p", noted("one"), func(p *corev1.Pod) { p.Labels["app"] = "x" }), `label app is "x"`},
		"toleration":     {podOn("a", "p", noted("one"), func(p *corev1.Pod) { p.Spec.Tolerations = p.Spec.Tolerations[1:] }), "its tolerations"},
		"affinity": {podOn("a", "p", noted("one"), func(p *corev1.Pod) {
			p.Spec.Affinity.PodAffinity = &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: "zone"}}}
		}), "spec.affinity"},
		"image": {podOn("a", "p", noted("one"), image("agent:v0")), "agent:v0"},
	} {
		t.Run(name, func(t *testing.T) { wantErr(t, MadeFrom(tc.pod, &ds.Spec.Template), tc.want) })
	}
}

package diagnose

import (
	"fmt"
	"regexp"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/dsconform/dsconform/framework/oracle"
)

// settled is after when what a controller makes with its first pods must be in the log.
const settled = 3 * time.Second

// about tells whether what was expected, or what was seen instead, speaks of it.
func (v *view) about(words string) bool {
	return regexp.MustCompile(`(?i)\b(` + words + `)\b`).MatchString(v.in.Expectation + "\n" + v.in.Seen)
}

// noRevision: the controller works, but its history lacks the present template,
// or it keeps none. The latter explains only what cannot be had without one.
func noRevision(v *view) *Diagnosis {
	_, err := oracle.CurrentRevision(v.s, v.ds)
	if err == nil || v.ds.DeletionTimestamp != nil || controllerSilent(v) != nil {
		return nil
	}
	if len(v.s.RevisionsOf(v.ds)) == 0 {
		if !v.about("(controller)?revisions?|history|rolled back") || v.now.Sub(v.ds.CreationTimestamp.Time) < settled {
			return nil
		}
		err = fmt.Errorf("the controller keeps no history: DaemonSet %s has no ControllerRevision", v.ds.Name)
	} else if v.now.Sub(v.asked) < patience {
		return nil
	}
	return &Diagnosis{
		Class: NonConformant, Cause: err.Error(), Evidence: []string{v.lastWrite()},
		Look: []string{"the controller's log: can it write ControllerRevisions, does it see the present template?"},
	}
}

// noEvents: events were expected, and the controller works and writes none.
func noEvents(v *view) *Diagnosis {
	if !v.about("events?|Warning|Normal") || len(v.s.EventsFor("DaemonSet", v.ds.Name)) > 0 || v.now.Sub(v.asked) < settled || controllerSilent(v) != nil {
		return nil
	}
	return &Diagnosis{
		Class: NonConformant, Cause: fmt.Sprintf("the controller writes no events: there is none about DaemonSet %s", v.ds.Name), Evidence: []string{v.lastWrite()},
		Look: []string{"whether the controller may create events, and its log"},
	}
}

// notAdopted: a pod that matches the selector belongs to nobody.
func notAdopted(v *view) *Diagnosis {
	if v.ds.DeletionTimestamp != nil || controllerSilent(v) != nil {
		return nil
	}
	for _, p := range v.s.Pods() {
		if p.DeletionTimestamp == nil && metav1.GetControllerOfNoCopy(p) == nil && v.selects(p) && v.now.Sub(v.ds.CreationTimestamp.Time) >= patience {
			return &Diagnosis{
				Class: NonConformant, Cause: fmt.Sprintf("the controller has not adopted pod %s, which has no controller and matches the selector of DaemonSet %s", p.Name, v.ds.Name),
				Evidence: []string{podLine(p), v.lastWrite()}, Look: []string{"whether the controller looks at pods without an owner, and may patch them"},
			}
		}
	}
	return nil
}

// notReleased: a pod that no longer matches the selector still belongs to the DaemonSet.
func notReleased(v *view) *Diagnosis {
	if v.ds.DeletionTimestamp != nil || controllerSilent(v) != nil {
		return nil
	}
	for _, p := range v.pods {
		if p.DeletionTimestamp == nil && !v.selects(p) {
			return &Diagnosis{
				Class: NonConformant, Cause: fmt.Sprintf("the controller has not released pod %s, whose labels no longer match the selector of DaemonSet %s", p.Name, v.ds.Name),
				Evidence: []string{podLine(p), v.lastWrite()}, Look: []string{"whether the controller compares the labels of pods it owns with the selector, and may patch them"},
			}
		}
	}
	return nil
}

// selects tells whether the pod's labels match the DaemonSet's selector.
func (v *view) selects(p *corev1.Pod) bool {
	selector, err := metav1.LabelSelectorAsSelector(v.ds.Spec.Selector)
	return err == nil && selector.Matches(labels.Set(p.Labels))
}

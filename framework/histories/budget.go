package histories

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/invariants"
	"github.com/dsconform/dsconform/framework/oracle"
)

// A third known deviation of released Kubernetes. A controller waits until it has
// seen the deletions that it has asked for, and counts them, without asking whose
// they are. The end of another pod (one that was deleted before, or by a user)
// right after its own deletion passes for that: it looks again before it sees its
// own victim go, and takes one more available pod than maxUnavailable allows.

// budget is the invariant that this breaks.
const budget = "max-unavailable"

// mistaken is how long after its own deletion a controller may take another pod's
// end for it: until its watch tells of its own.
const mistaken = 2 * time.Second

// judgeBudget judges maxUnavailable by the whole log.
func (p *player) judgeBudget() {
	others := map[string]string{}
	for _, rule := range invariants.All() {
		if rule.ID != budget {
			others[rule.ID] = "judged with all other specs' rules"
		}
	}
	entries := p.e.History.Entries()
	// A gap in the log is told of by the other rules.
	for _, v := range invariants.Judge(entries, others).Violations {
		if v.Over == 1 && takenForAnother(entries, v.Entry) && !p.e.Strict() {
			p.deviations = append(p.deviations, "the end of another pod was taken for that of the one deleted: "+v.Message)
			continue
		}
		p.e.Fail(framework.BrokenInvariant(v))
	}
}

// takenForAnother tells whether, right before the deletion that the entry shows,
// the deletion of a second pod of the DaemonSet began, and that of a third pod
// began or ended.
func takenForAnother(entries []history.Entry, deletion history.Entry) bool {
	own := controllerOf(deletion)
	begun, ended := map[string]bool{}, map[string]bool{}
	terminating := map[string]bool{}
	for _, e := range history.Sorted(entries) {
		pod, ok := e.Object.(*corev1.Pod)
		if !ok || controllerOf(e) != own || e.UID == deletion.UID {
			continue
		}
		id := string(e.UID)
		first := oracle.Terminating(pod) && !terminating[id]
		terminating[id] = terminating[id] || oracle.Terminating(pod)
		if deletion.Time.Sub(e.Time).Abs() > mistaken {
			continue
		}
		begun[id] = begun[id] || first
		ended[id] = ended[id] || e.Change == history.Deleted
	}
	for one := range begun {
		if !begun[one] {
			continue
		}
		for other := range terminating {
			if other != one && (begun[other] || ended[other]) {
				return true
			}
		}
	}
	return false
}

func controllerOf(e history.Entry) string {
	o, ok := e.Object.(metav1.Object)
	if !ok {
		return ""
	}
	if ref := metav1.GetControllerOfNoCopy(o); ref != nil && ref.Kind == "DaemonSet" && ref.APIVersion == appsv1.SchemeGroupVersion.String() {
		return string(ref.UID)
	}
	return ""
}

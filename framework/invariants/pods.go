package invariants

import (
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

func podRules() []Invariant {
	return []Invariant{
		{
			ID:       "automatic-tolerations",
			Sentence: "Every pod that a controller creates MUST carry the automatic tolerations, without seconds.",
			Clauses:  []string{"DS-TOL-001", "DS-TOL-002", "DS-TOL-007"},
			New:      remember(automaticTolerations),
		},
		{
			ID:       "bound-by-the-scheduler",
			Sentence: "A controller MUST create pods unbound, unless the template names the node.",
			Clauses:  []string{"DS-PLC-009", "DS-PLC-011"},
			New:      remember(boundByScheduler),
		},
		{
			ID:       "owner-references",
			Sentence: "Every pod and ControllerRevision that a controller creates MUST have exactly one owner reference: its DaemonSet's, as controller, blocking its deletion.",
			Clauses:  []string{"DS-OWN-001"},
			New:      remember(ownerReferences),
		},
		{
			ID:       "current-template",
			Sentence: "A controller MUST create pods of the DaemonSet's present template only, marked with the hash of the revision that holds it.",
			Clauses:  []string{"DS-REV-004", "DS-RUM-010", "DS-RUM-014", "DS-RUM-015", "DS-OND-003"},
			New:      currentTemplate,
		},
	}
}

func automaticTolerations(l *ledger, next *history.State, e history.Entry) string {
	pod, sets := l.made(next, e)
	if pod == nil {
		return ""
	}
	var missing corev1.Toleration
	for _, s := range sets {
		ok := true
		for _, want := range oracle.AutoTolerations(s.DaemonSet) {
			if !slices.ContainsFunc(pod.Spec.Tolerations, func(t corev1.Toleration) bool {
				return t.MatchToleration(&want) && t.TolerationSeconds == nil
			}) {
				ok, missing = false, want
			}
		}
		if ok {
			return ""
		}
	}
	return fmt.Sprintf("pod %s was created without the automatic toleration %s:%s (operator Exists, no seconds)", pod.Name, missing.Key, missing.Effect)
}

func boundByScheduler(l *ledger, next *history.State, e history.Entry) string {
	pod, sets := l.made(next, e)
	if pod == nil || pod.Spec.NodeName == "" {
		return ""
	}
	for _, s := range sets {
		if s.Spec.Template.Spec.NodeName != "" {
			return ""
		}
	}
	return fmt.Sprintf("pod %s was created with spec.nodeName %s; binding is the scheduler's", pod.Name, pod.Spec.NodeName)
}

// ownerReferences cannot ask who the controller reference names, for it is
// what is judged: a pod or revision is a DaemonSet's if anything says so.
func ownerReferences(l *ledger, next *history.State, e history.Entry) string {
	if e.Change != history.Added || e.Kind != history.KindPod && e.Kind != history.KindControllerRevision {
		return ""
	}
	o := metaOf(e)
	if madeByHand(next, e.Kind, o) {
		return ""
	}
	ds := l.claims(o, e.Kind)
	if ds == nil {
		return ""
	}
	if err := oracle.OwnedBy(o.GetOwnerReferences(), ds.DaemonSet); err != nil {
		return fmt.Sprintf("%s %s of DaemonSet %s: %v", e.Kind, e.Name, ds.Name, err)
	}
	return ""
}

// claims gives the DaemonSet that the new object belongs to: one of its owner
// references names it, or, where nobody else is its controller, it is named and
// labelled as that DaemonSet's objects are.
func (l *ledger) claims(o metav1.Object, kind history.Kind) *set {
	for _, ref := range o.GetOwnerReferences() {
		if v := l.sets[ref.UID]; v != nil && v.last() != nil {
			return v.last()
		}
	}
	if controllerUID(o) != "" {
		return nil
	}
	for _, uid := range slices.Sorted(maps.Keys(l.sets)) {
		s := l.sets[uid].last()
		if s == nil || s.Namespace != o.GetNamespace() {
			continue
		}
		selector, err := metav1.LabelSelectorAsSelector(s.Spec.Selector)
		if err != nil || !selector.Matches(labels.Set(o.GetLabels())) {
			continue
		}
		hash := o.GetLabels()[appsv1.ControllerRevisionHashLabelKey]
		if kind == history.KindPod && o.GetGenerateName() == s.Name+"-" || hash != "" && o.GetName() == s.Name+"-"+hash {
			return s
		}
	}
	return nil
}

func metaOf(e history.Entry) metav1.Object {
	o, ok := e.Object.(metav1.Object)
	if !ok {
		return &metav1.ObjectMeta{Namespace: e.Namespace, Name: e.Name, UID: e.UID}
	}
	return o
}

// pending is a created pod whose revision is not in the log yet.
type pending struct {
	entry history.Entry
	pod   *corev1.Pod
	sets  []*set
}

// currentTemplate waits for the pod's revision: it may be created together with
// the first pods, and so a moment after them.
func currentTemplate() Check {
	l := newLedger()
	var waiting []pending
	return func(_, next *history.State, e history.Entry) *Violation {
		l.now = next.Now()
		if pod, sets := l.made(next, e); pod != nil {
			waiting = append(waiting, pending{e, pod, sets})
		}
		l.observe(next, e)
		var v *Violation
		waiting = slices.DeleteFunc(waiting, func(p pending) bool {
			if v != nil {
				return false
			}
			wrong, settled := p.judge(next)
			late := !settled && l.now.Sub(p.entry.Time) > Lag
			if late {
				wrong, settled = p.unrecorded(next), true
			}
			if wrong != "" {
				v = &Violation{Entry: p.entry, Message: wrong, Late: late}
			}
			return settled
		})
		return v
	}
}

// judge tells what is wrong, and whether that is settled.
func (p pending) judge(next *history.State) (wrong string, settled bool) {
	hash := p.pod.Labels[appsv1.ControllerRevisionHashLabelKey]
	if hash == "" {
		return fmt.Sprintf("pod %s was created without label %s", p.pod.Name, appsv1.ControllerRevisionHashLabelKey), true
	}
	var found *appsv1.ControllerRevision
	for _, cr := range next.RevisionsOf(p.sets[0].DaemonSet) {
		if oracle.Hash(cr) != hash {
			continue
		}
		template, err := oracle.RevisionTemplate(cr)
		if err != nil {
			return err.Error(), true
		}
		for _, s := range p.sets {
			if equality.Semantic.DeepEqual(template, s.Spec.Template) {
				return "", true
			}
		}
		found = cr
	}
	if found != nil {
		return fmt.Sprintf("pod %s was created from revision %d (hash %s), which has not been DaemonSet %s's template for %s",
			p.pod.Name, found.Revision, hash, p.sets[0].Name, Lag), true
	}
	return "", false
}

// unrecorded judges a pod whose revision has not come. Of a controller that
// keeps none at all, which the specs about them hold against it, the pod itself
// is held against the templates.
func (p pending) unrecorded(next *history.State) string {
	if len(next.RevisionsOf(p.sets[0].DaemonSet)) > 0 {
		return fmt.Sprintf("pod %s was created with hash %q, which no ControllerRevision of its DaemonSet carries",
			p.pod.Name, p.pod.Labels[appsv1.ControllerRevisionHashLabelKey])
	}
	var wrong error
	for _, s := range p.sets {
		if wrong = oracle.MadeFrom(p.pod, &s.Spec.Template); wrong == nil {
			return ""
		}
	}
	return fmt.Sprintf("pod %s was created from a template that DaemonSet %s has not had for %s: %v", p.pod.Name, p.sets[0].Name, Lag, wrong)
}

package invariants

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework/history"
)

// quiescent is the ID of the rule that Quiescence judges. It is not among All,
// for only a spec knows when its DaemonSets have converged.
const quiescent = "quiescence"

// Quiescence judges the entries since everything had converged: a controller
// that has nothing left to do MUST NOT write (DS-STA-012, DS-CST-002, DS-CHG-009).
// Every change of a DaemonSet, ControllerRevision or pod is a violation that
// names the writer by its manager in the object's managedFields, but for what the
// spec itself did and for what a kubelet or a scheduler writes to a pod.
func Quiescence(entries []history.Entry) Result {
	var out Result
	s := history.NewState("")
	log := history.Sorted(entries)
	s.Preload(log)
	last := map[types.UID]metav1.Object{}
	for _, e := range log {
		s.Apply(e)
		if e.Change == history.Gap {
			out.Unknown = fmt.Sprintf("after entry %d of the log nothing can be said: %s", e.Seq, e.Text)
			break
		}
		switch e.Kind {
		case history.KindDaemonSet, history.KindControllerRevision, history.KindPod:
		case history.KindNode, history.KindEvent, history.KindAction:
			continue
		}
		if e.Object == nil || e.Change == history.Listed {
			continue
		}
		o := metaOf(e)
		by := writers(last[e.UID], o)
		last[e.UID] = o
		if len(s.ActionsOn(e.Kind, o)) > 0 || e.Kind == history.KindPod && e.Change == history.Modified && ofTheNode(by) {
			continue
		}
		if len(out.Violations) == mostViolations {
			continue
		}
		out.Violations = append(out.Violations, Violation{
			Invariant: quiescent, Entry: e,
			Message: fmt.Sprintf("%s %s was %s though everything had converged; last written by %s",
				e.Kind, e.Name, strings.ToLower(string(e.Change)), describe(by)),
		})
	}
	return out
}

// writers gives who made the last write: the managers whose mark is newer than
// it was before, or else those with the newest mark.
func writers(before, now metav1.Object) []metav1.ManagedFieldsEntry {
	var out []metav1.ManagedFieldsEntry
	if before != nil {
		for _, m := range now.GetManagedFields() {
			if !slices.ContainsFunc(before.GetManagedFields(), func(o metav1.ManagedFieldsEntry) bool {
				return o.Manager == m.Manager && o.Subresource == m.Subresource && o.Operation == m.Operation && o.Time.Equal(m.Time)
			}) {
				out = append(out, m)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	var newest time.Time
	for _, m := range now.GetManagedFields() {
		if m.Time != nil && m.Time.After(newest) {
			newest = m.Time.Time
		}
	}
	for _, m := range now.GetManagedFields() {
		if m.Time != nil && m.Time.Time.Equal(newest) {
			out = append(out, m)
		}
	}
	return out
}

// ofTheNode tells whether only kubelets and schedulers wrote.
func ofTheNode(by []metav1.ManagedFieldsEntry) bool {
	for _, m := range by {
		name := strings.ToLower(m.Manager)
		if m.Subresource != "status" || !strings.Contains(name, "kubelet") && !strings.Contains(name, "scheduler") && !strings.Contains(name, "kwok") {
			return false
		}
	}
	return len(by) > 0
}

func describe(by []metav1.ManagedFieldsEntry) string {
	if len(by) == 0 {
		return "an unnamed manager"
	}
	var out []string
	for _, m := range by {
		text := fmt.Sprintf("manager %q", m.Manager)
		if m.Subresource != "" {
			text += " (" + m.Subresource + ")"
		}
		if m.Time != nil {
			text += " at " + m.Time.UTC().Format(time.TimeOnly)
		}
		out = append(out, text)
	}
	return strings.Join(out, " and ")
}

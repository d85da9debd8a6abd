package invariants

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/framework/oracle"
)

// noteDelay is how long after its effect a spec may note a deed.
const noteDelay = 5 * time.Second

// madeByHand tells whether the spec itself made the object: an action says so,
// or one that does not know the object's UID yet and says nothing else.
func madeByHand(next *history.State, kind history.Kind, o metav1.Object) bool {
	return slices.ContainsFunc(next.ActionsOn(kind, o), func(a history.Entry) bool {
		return says(a.Text, "creat", "appl", "make", "made") || a.UID == "" && !removes(a.Text) &&
			!says(a.Text, "label", "annotat", "patch", "edit", "update", "set", "change", "bind")
	})
}

// touchedByHand tells whether the spec made the object or has done something to it by now.
func touchedByHand(next *history.State, kind history.Kind, o metav1.Object) bool {
	return madeByHand(next, kind, o) || slices.ContainsFunc(next.ActionsOn(kind, o), func(a history.Entry) bool {
		return a.Time.Sub(next.Now()) <= noteDelay
	})
}

// byController tells whether the deletion of a pod is the controller's deed:
// no other hand left its mark.
func byController(next *history.State, p *corev1.Pod) bool {
	if oracle.Disrupted(p) {
		return false
	}
	acts := next.ActionsOn(history.KindPod, p)
	if node := oracle.TargetNode(p); node != "" {
		acts = append(acts, next.ActionsOn(history.KindNode, &metav1.ObjectMeta{Name: node})...)
	}
	return !slices.ContainsFunc(acts, func(a history.Entry) bool {
		return removes(a.Text) && a.Time.Sub(next.Now()) <= noteDelay
	})
}

// removes tells whether the words of an action say that pods go by it.
func removes(text string) bool { return says(text, "delet", "evict", "drain", "remov") }

// says tells whether the text holds one of the words, whatever their case.
func says(text string, words ...string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

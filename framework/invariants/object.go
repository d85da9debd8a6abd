package invariants

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dsconform/dsconform/framework/history"
)

func objectRules() []Invariant {
	return []Invariant{{
		ID:       "daemonset-left-alone",
		Sentence: "A controller MUST write nothing of a DaemonSet but its status.",
		Clauses:  []string{"DS-CST-007", "DS-STA-018", "DS-API-014"},
		New:      func() Check { return daemonSetLeftAlone },
	}}
}

// daemonSetLeftAlone tells the controller by its being the one who writes
// statuses: a manager of status fields that is not the suite's own.
func daemonSetLeftAlone(prev, _ *history.State, e history.Entry) *Violation {
	cur, ok := e.Object.(*appsv1.DaemonSet)
	if !ok || e.Change != history.Modified {
		return nil
	}
	old := prev.In(e.Namespace).DaemonSet(e.Name)
	if old == nil || old.UID != cur.UID {
		return nil
	}
	for _, m := range history.Writers(old, cur) {
		if m.Subresource == "" && writesStatus(cur, m.Manager) {
			return &Violation{Message: fmt.Sprintf("manager %q, which writes the status of DaemonSet %s, wrote to the DaemonSet itself", m.Manager, cur.Name)}
		}
	}
	return nil
}

// writesStatus tells whether the manager has written statuses, and is neither
// the suite itself nor its kubectl.
func writesStatus(o metav1.Object, manager string) bool {
	if strings.HasPrefix(manager, "dsconform") || strings.HasPrefix(manager, "kubectl") {
		return false
	}
	for _, m := range o.GetManagedFields() {
		if m.Manager == manager && m.Subresource == "status" {
			return true
		}
	}
	return false
}
